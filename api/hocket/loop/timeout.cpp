#include <hocket/loop/timeout.hpp>

#include <mutex>

#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/base/futex.hpp>

namespace hocket {

// The state of one block. Its timer may fire on another worker while the block ends, so both take the mutex, and the
// request to cancel is made under it: either it is in before leave() looks, or it is never made. Task hooks never take
// this mutex.
class Timeout::limit final : public rt::home_timer {
 public:
  explicit limit(rt::task_base& task) : home_timer(&limit::due), task_(task), cancelling_(task.cancelling()) {}

  rt::task_base& task() const noexcept { return task_; }

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: Z1: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

  void set(std::optional<rt::nanos> deadline) {
    {
      const std::lock_guard guard(mutex_);
      if (phase_ != phase::entered) {
        throw RuntimeError(phase_ == phase::exited ? "Cannot change state of finished Timeout"
                                                   : "Cannot change state of expiring Timeout");
      }
      deadline_ = deadline;
    }
    disarm();
    if (!deadline) return;
    add_ref();  // the timer's
    rt::task_home& home = task_.home();
    if (*deadline <= home.now()) {
      home.post(*this);  // asyncio's call_soon: it takes its turn
    } else {
      in_heap_ = true;
      home.arm(*this, *deadline);
    }
  }

  std::exception_ptr leave(std::exception_ptr error) noexcept {
    disarm();
    bool expired = false;
    {
      const std::lock_guard guard(mutex_);
      expired = phase_ == phase::expiring;
      phase_ = expired ? phase::expired : phase::exited;
    }
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

  void disarm() noexcept {
    // Where the timer is out already, due() gives its reference back, now or when its turn comes.
    if (std::exchange(in_heap_, false) && task_.home().cancel(*this)) release_ref();
  }

  static void due(rt::timer& t) noexcept {
    auto& self = static_cast<limit&>(static_cast<rt::home_timer&>(t));
    {
      const std::lock_guard guard(self.mutex_);
      if (self.phase_ == phase::entered && self.is_due()) {
        self.phase_ = phase::expiring;
        self.task_.cancel();
      }
    }
    self.release_ref();
  }

  // A limit that was moved while its timer waited in a queue is not due.
  bool is_due() const noexcept { return deadline_ && *deadline_ <= task_.home().now(); }

  mutable rt::futex_mutex mutex_;
  phase phase_ = phase::entered;       // guarded by mutex_
  std::optional<rt::nanos> deadline_;  // guarded by mutex_
  bool in_heap_ = false;               // the task only
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
