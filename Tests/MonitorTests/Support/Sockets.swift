import Testing

/// Tests over real sockets. One at a time: they measure time, and some of them keep a core busy.
@Suite(.serialized, .timeLimit(.minutes(1))) enum Sockets {}
