/// For whom answers are that say nothing of it themselves.
package enum CacheScope: String, Hashable, ConfigurationChoice {
    /// For the caller alone, who must have shown a credential.
    case `private`
    /// For everybody.
    case `public`
}
