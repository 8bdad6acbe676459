#include <hocket/loop/fd_watch.hpp>

#include <poll.h>

#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket {

class fd_watches::watch final : public rt::io_op {
 public:
  watch(fd_watches& owner, int fd, rt::descriptor attached, rt::io_direction direction, std::function<void()> fn,
        std::source_location where)
      : owner_(owner), fd_(fd), attached_(attached), direction_(direction), fn_(std::move(fn)), where_(where) {
    if (auto context = copy_of_current_context()) context_.use(std::move(context));
    owner.alive_.fetch_add(1, rt::relaxed);  // order: whoever adds one is inside the loop
  }

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: D1: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) != 1) return;
    std::atomic<std::uint32_t>& alive = owner_.alive_;
    delete this;
    // order: D2: with is_in_use(), after which the loop may be gone.
    alive.fetch_sub(1, rt::release);
  }

  /// It goes to wait, or to the queue, and the caller's reference with it. False: it was removed, and the reference is
  /// still the caller's, to be given back outside the mutex. With the mutex.
  bool move_on() noexcept {
    if (is_removed_) return false;
    for (int refusals = 0; refusals < 8; ++refusals) {
      if (is_ready()) break;
      is_queued_ = false;
      if (owner_.io().submit(attached_, direction_, *this)) return true;
    }
    // Ready; or the reactor knows better than poll(2), whose answer is a hint like every other.
    is_queued_ = true;
    owner_.loop_.callback_home().post(*this);
    return true;
  }

  /// With the mutex, by who holds a reference. The reactor's comes back when it waited there.
  void end() noexcept {
    is_removed_ = true;
    if (owner_.io().cancel(attached_, direction_, *this)) release_ref();
  }

 private:
  ~watch() = default;

  // The reactor's wake on a worker, and its turn among the callbacks.
  void run() noexcept override {
    fd_watches& owner = owner_;
    bool is_removed = false;
    {
      const std::lock_guard guard(owner.mutex_);
      if (!is_queued_ && !is_removed_) {
        is_queued_ = true;
        owner.loop_.callback_home().post(*this);
        return;
      }
      is_removed = is_removed_;
    }
    if (!is_removed) {
      const context_scope scope(context_);
      loop_state& loop = owner.loop_;
      loop.call_as_callback(fn_, [this, &loop] {
        return "<Handle " + callback_text(fn_.target_type(), where_) + (loop.debug() ? created_text(where_) : "") + ">";
      });
    }
    bool goes_on = false;
    {
      const std::lock_guard guard(owner.mutex_);
      goes_on = move_on();
    }
    if (!goes_on) release_ref();
  }

  // As asyncio's selector: an error or a hang-up is news for both directions.
  bool is_ready() const noexcept {
    const short wanted = direction_ == rt::io_direction::read ? POLLIN : POLLOUT;
    pollfd p{fd_, wanted, 0};
    return ::poll(&p, 1, 0) > 0 && (p.revents & (wanted | POLLHUP | POLLERR)) != 0;
  }

  fd_watches& owner_;
  const int fd_;
  const rt::descriptor attached_;
  const rt::io_direction direction_;
  const std::function<void()> fn_;
  const std::source_location where_;
  context_slot context_;     // a copy of the one that was there at add_reader
  bool is_removed_ = false;  // guarded by owner_.mutex_
  bool is_queued_ = false;   // guarded by owner_.mutex_: in the queue of callbacks, or called from there
  mutable std::atomic<std::uint32_t> refs_{1};
};

fd_watches::fd_watches(loop_state& loop) : loop_(loop) {}
fd_watches::~fd_watches() = default;

rt::reactor& fd_watches::io() const noexcept { return loop_.sched().io(); }

void fd_watches::add(int fd, rt::io_direction direction, std::function<void()> fn, std::source_location where) {
  if (fd < 0) throw ValueError("Invalid file descriptor: " + std::to_string(fd));
  rt::counted_ptr<watch> old;  // ends outside the lock
  const std::lock_guard guard(mutex_);
  if (is_closed_) throw RuntimeError("Event loop is closed");
  const auto [at, is_new] = entries_.try_emplace(fd);
  if (is_new) {
    try {
      at->second.attached = io().attach(fd);
    } catch (const std::system_error& e) {
      entries_.erase(at);
      throw OSError(e.code().value(), std::generic_category().message(e.code().value()));
    } catch (...) {
      entries_.erase(at);
      throw;
    }
  }
  rt::counted_ptr<watch> fresh;
  try {
    fresh = rt::counted_ptr<watch>::adopt(new watch(*this, fd, at->second.attached, direction, std::move(fn), where));
  } catch (...) {
    detach_if_empty(at);
    throw;
  }
  old = take_out(at, direction);
  at->second.directions[static_cast<std::size_t>(direction)] = fresh;
  fresh->add_ref();  // its way through the reactor and the queue
  (void)fresh->move_on();
}

// With the mutex.
rt::counted_ptr<fd_watches::watch> fd_watches::take_out(table::iterator at, rt::io_direction direction) noexcept {
  auto out = std::exchange(at->second.directions[static_cast<std::size_t>(direction)], nullptr);
  if (out) out->end();
  return out;
}

// With the mutex. Its operations were taken out of the reactor, so detaching gives none back.
void fd_watches::detach_if_empty(table::iterator at) noexcept {
  if (at->second.directions[0] || at->second.directions[1]) return;
  (void)io().detach(at->second.attached);
  entries_.erase(at);
}

bool fd_watches::remove(int fd, rt::io_direction direction) noexcept {
  rt::counted_ptr<watch> old;  // ends outside the lock
  const std::lock_guard guard(mutex_);
  const auto at = entries_.find(fd);
  if (at == entries_.end()) return false;
  old = take_out(at, direction);
  if (old) detach_if_empty(at);
  return static_cast<bool>(old);
}

void fd_watches::close() noexcept {
  std::vector<rt::counted_ptr<watch>> old;  // end outside the lock
  const std::lock_guard guard(mutex_);
  is_closed_ = true;
  while (!entries_.empty()) {
    const auto at = entries_.begin();
    for (const auto d : {rt::io_direction::read, rt::io_direction::write}) old.push_back(take_out(at, d));
    detach_if_empty(at);
  }
}

}  // namespace hocket
