#include <hocket/loop/timeout.hpp>

#include <mutex>

#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/coro/frame_pool.hpp>

namespace hocket {

// The state of one block. Its timer may fire on another worker while the block ends, and tasks may move it at once, so
// all take the mutex. The request to cancel is made under it: either it is in before leave() looks, or it is never
// made. Task hooks never take this mutex.
class Timeout::limit final {
 public:
  explicit limit(rt::task_base& task) : task_(task), cancelling_(task.cancelling()) {}

  rt::task_base& task() const noexcept { return task_; }

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: Z1: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

  void set(std::optional<rt::nanos> deadline) {
    const auto next = deadline ? rt::counted_ptr<alarm>::adopt(new alarm(*this)) : nullptr;
    rt::counted_ptr<alarm> before;
    {
      const std::lock_guard guard(mutex_);
      if (phase_ != phase::entered) {
        throw RuntimeError(phase_ == phase::exited    ? "Cannot change state of finished Timeout"
                           : phase_ == phase::expired ? "Cannot change state of expired Timeout"
                                                      : "Cannot change state of expiring Timeout");
      }
      // In the words of CPython's debug mode.
      if (task_.home().is_turning_elsewhere()) {
        throw RuntimeError("Non-thread-safe operation invoked on an event loop other than the current one");
      }
      if (next) next->arm(*deadline);
      deadline_ = deadline;
      before = std::exchange(alarm_, next);
    }
    if (before) before->disarm();
  }

  std::exception_ptr leave(std::exception_ptr error) noexcept {
    bool expired = false;
    rt::counted_ptr<alarm> last;
    {
      const std::lock_guard guard(mutex_);
      expired = phase_ == phase::expiring;
      phase_ = expired ? phase::expired : phase::exited;
      last = std::move(alarm_);
    }
    if (last) last->disarm();
    if (!expired || task_.uncancel() > cancelling_ || !is_cancelled_error(error)) return error;
    TimeoutError timed_out;
    timed_out.set_cause(std::move(error));
    return std::make_exception_ptr(timed_out);
  }

  std::optional<rt::nanos> deadline() const {
    const std::lock_guard guard(mutex_);
    return deadline_;
  }

  bool expired() const {
    const std::lock_guard guard(mutex_);
    return phase_ == phase::expiring || phase_ == phase::expired;
  }

 private:
  enum class phase : std::uint8_t { entered, expiring, expired, exited };

  ~limit() = default;

  // One deadline. A deadline that is moved gets an alarm of its own: the former may stand in a queue, or be about to
  // run on another worker.
  class alarm final : public rt::timer {
   public:
    explicit alarm(limit& l) noexcept : limit_(&l) {}
    static void* operator new(std::size_t size) { return rt::allocate_frame(size); }
    static void operator delete(void* p, std::size_t size) noexcept { rt::free_frame(p, size); }

    /// Before it is the limit's.
    void arm(rt::nanos deadline) {
      rt::counted_ptr<alarm> held(this);
      rt::task_home& home = limit_->task_.home();
      in_heap_ = deadline > home.now();
      if (in_heap_) {
        home.arm(*this, deadline);
      } else {
        home.post(*this);  // asyncio's call_soon: it takes its turn
      }
      held.detach();  // the heap's, or the queue's
    }

    /// When it is the limit's no more. Where it is out already, its run gives the reference back, now or when its turn
    /// comes.
    void disarm() noexcept {
      if (in_heap_ && limit_->task_.home().cancel(*this)) release_ref();
    }

    void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
    void release_ref() const noexcept {
      // order: Z2: all use happens before the end; pairs with itself.
      if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
    }

   private:
    ~alarm() = default;

    void run() noexcept override {
      limit_->due(*this);
      release_ref();
    }

    const rt::counted_ptr<limit> limit_;
    bool in_heap_ = false;  // written by arm()
    mutable std::atomic<std::uint32_t> refs_{1};
  };

  void due(const alarm& a) noexcept {
    const std::lock_guard guard(mutex_);
    if (phase_ != phase::entered || alarm_.get() != &a) return;
    phase_ = phase::expiring;
    task_.cancel();
  }

  mutable rt::futex_mutex mutex_;
  phase phase_ = phase::entered;       // guarded by mutex_
  std::optional<rt::nanos> deadline_;  // guarded by mutex_
  rt::counted_ptr<alarm> alarm_;       // guarded by mutex_: the one that counts
  rt::task_base& task_;                // alive while the block is
  const std::uint32_t cancelling_;     // requests that were there before
  mutable std::atomic<std::uint32_t> refs_{1};
};

Timeout::Timeout(rt::counted_ptr<limit> l) : limit_(std::move(l)) {}
Timeout::Timeout(Timeout&&) noexcept = default;
Timeout::~Timeout() = default;

Timeout Timeout::enter(std::optional<rt::nanos> deadline) {
  rt::task_base* task = rt::current_task();
  if (!task) throw RuntimeError("Timeout should be used inside a task");
  Timeout it(rt::counted_ptr<limit>::adopt(new limit(*task)));
  if (deadline) it.limit_->set(deadline);
  return it;
}

std::exception_ptr Timeout::leave(std::exception_ptr error) const noexcept { return limit_->leave(std::move(error)); }

std::optional<double> Timeout::when() const {
  const auto d = limit_->deadline();
  if (!d) return std::nullopt;
  return static_cast<double>(*d) * 1e-9;
}

void Timeout::reschedule(std::optional<double> when) const {
  std::optional<rt::nanos> deadline;
  if (when) deadline = Delay(*when).nanos();
  limit_->set(deadline);
}

bool Timeout::expired() const { return limit_->expired(); }

std::optional<rt::nanos> deadline_after(const OptionalDelay& delay) {
  if (!delay) return std::nullopt;
  return rt::saturating_add(running_loop().now(), delay->nanos());
}

}  // namespace hocket
