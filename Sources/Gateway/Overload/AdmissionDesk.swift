import NIOCore
import Resilience

/// Those of one loop who wait until there is room for their calls. Belongs to its loop.
final class AdmissionDesk {
    private var waiting: [UInt64: RequestHandler] = [:]
    private var lastNumber: UInt64 = 0

    /// `handler` waits under the number that is returned.
    func add(_ handler: RequestHandler) -> UInt64 {
        lastNumber &+= 1
        waiting[lastNumber] = handler
        return lastNumber
    }

    /// Whoever waits under `number` waits no more.
    func remove(_ number: UInt64) {
        waiting[number] = nil
    }

    /// Whoever waits under `number` has a place with `admission`, or must not wait any longer.
    fileprivate func tell(_ number: UInt64, _ news: AdmissionNews, of admission: PoolAdmission, at now: MonotonicTime) {
        if let handler = waiting.removeValue(forKey: number) {
            handler.admissionNews(news)
        } else if news == .admitted {
            // It left before it heard of that.
            admission.leavePool(at: now)
        }
    }
}

@available(*, unavailable)
extension AdmissionDesk: Sendable {}

/// What becomes of one who has waited for room.
enum AdmissionNews: Hashable, Sendable {
    /// It has a place in the pool.
    case admitted
    /// It has waited too long.
    case refused
}

/// How somebody who waits is reached, from any loop.
struct AdmissionWaiter: Sendable {
    let desk: NIOLoopBound<AdmissionDesk>
    let number: UInt64

    /// Tells it, in a later turn of its loop.
    func tell(_ news: AdmissionNews, of admission: PoolAdmission) {
        let waiter = self
        desk.eventLoop.execute {
            waiter.desk.value.tell(
                waiter.number, news, of: admission, at: MonotonicTime(waiter.desk.eventLoop.now))
        }
    }
}
