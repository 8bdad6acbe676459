#include <hocket/loop/cancel_scope.hpp>

#include <array>
#include <mutex>
#include <unordered_map>

#include <hocket/loop/event_loop.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/base/futex.hpp>

namespace hocket {
namespace {

// The scopes that one task, or one child of when_all, is in. What they want of it is computed anew at each change. A
// request is made under the mutex: while the task is in the scope, or never. Hooks of the task never take it.
struct scope_chain {
  explicit scope_chain(rt::task_base& t) noexcept : task(t) {}
  void add_ref() const noexcept { refs.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: B1: all use happens before the end; pairs with itself.
    if (refs.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

  rt::futex_mutex mutex;
  rt::task_base& task;                     // alive while there are scopes
  cancel_scope_core* innermost = nullptr;  // guarded by mutex
  mutable std::atomic<std::uint32_t> refs{1};
};

// Whose chain is where. Tasks are many, and few are in a scope.
struct chain_book {
  rt::futex_mutex mutex;
  std::unordered_map<const rt::task_base*, rt::counted_ptr<scope_chain>> chains;  // guarded by mutex
};

chain_book& book_of(const rt::task_base& t) noexcept {
  constexpr std::size_t count = 64;
  static std::array<chain_book, count> books;
  return books[reinterpret_cast<std::uintptr_t>(&t) / alignof(std::max_align_t) % count];
}

// By the task itself, as close_chain().
rt::counted_ptr<scope_chain> chain_of(rt::task_base& t) {
  chain_book& book = book_of(t);
  const std::lock_guard guard(book.mutex);
  rt::counted_ptr<scope_chain>& chain = book.chains[&t];
  if (!chain) chain = rt::counted_ptr<scope_chain>::adopt(new scope_chain(t));
  return chain;
}

void close_chain(const rt::task_base& t) noexcept {
  chain_book& book = book_of(t);
  const std::lock_guard guard(book.mutex);
  book.chains.erase(&t);
}

}  // namespace

class cancel_scope_core final {
 public:
  explicit cancel_scope_core(const CancelScopeOptions& options) : shield_(options.shield), timeout_(options.timeout) {
    if (options.deadline) deadline_ = Delay(*options.deadline).nanos();
  }

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: B2: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

  void enter() {
    rt::task_base* const task = rt::current_task();
    if (!task) throw RuntimeError("CancelScope should be used inside a task");
    loop_state& loop = *static_cast<loop_state*>(task->home().owner());
    {
      const std::lock_guard own(own_mutex_);
      if (chain_) throw RuntimeError("Each CancelScope may only be used for a single block");
      chain_ = chain_of(*task);
    }
    std::optional<rt::nanos> deadline;
    {
      const std::lock_guard guard(chain_->mutex);
      const rt::nanos now = loop.now();
      if (timeout_) {
        const rt::nanos limit = rt::saturating_add(now, timeout_->nanos());
        if (!deadline_ || limit < *deadline_) deadline_ = limit;
      }
      if (deadline_ && *deadline_ <= now) is_cancelled_ = true;
      if (!is_cancelled_) deadline = deadline_;
      outer_ = std::exchange(chain_->innermost, this);
      is_inside_ = true;
      cancelling_before_ = task->cancelling();
      // What the scopes around asked for, and no await has seen yet, does not come through a shield.
      if (shield_ && outer_ && task->cancelling() == requests_around()) task->forget_owed_cancel();
      apply();
    }
    if (!deadline) return;
    try {
      set_deadline(deadline, false);
    } catch (...) {
      (void)leave(nullptr);
      throw;
    }
  }

  std::exception_ptr leave(std::exception_ptr error) noexcept {
    rt::task_base& task = chain_->task;
    rt::counted_ptr<callback> alarm;
    bool is_last = false;
    {
      const std::lock_guard guard(chain_->mutex);
      alarm = std::move(alarm_);
      chain_->innermost = outer_;
      is_last = !outer_;
      is_inside_ = false;
      if (has_asked_) task.uncancel();
      apply();
      // As in Trio, a request that reaches further out is not caught here; nor is one that is not this scope's.
      is_caught_ = is_cancelled_ && !task.is_cancelled_persistently() && task.cancelling() <= cancelling_before_ &&
                   is_cancelled_error(error);
      if (is_caught_) error = nullptr;
    }
    if (is_last) close_chain(task);
    if (alarm) alarm->cancel();
    return error;
  }

  void cancel() {
    const rt::counted_ptr<scope_chain> chain = chain_or_cancelled();
    if (!chain) return;
    const std::lock_guard guard(chain->mutex);
    if (!is_inside_ || is_cancelled_) return;
    if (rt::task_home& home = chain->task.home(); home.is_turning_elsewhere()) {
      (void)static_cast<loop_state*>(home.owner())->try_call_soon([self = rt::counted_ptr<cancel_scope_core>(this)] {
        self->cancel();
      });
      return;
    }
    is_cancelled_ = true;
    apply();
  }

  /// `must_hold`: throws when it is too late for that.
  void set_deadline(std::optional<rt::nanos> deadline, bool must_hold) {
    const rt::counted_ptr<scope_chain> chain = chain_of_own();
    rt::counted_ptr<callback> before;
    {
      std::unique_lock<rt::futex_mutex> guard(chain ? chain->mutex : own_mutex_);
      if (is_cancelled_ || (chain && !is_inside_)) {
        if (!must_hold) return;
        throw RuntimeError(is_inside_ || !chain ? "Cannot change state of cancelled CancelScope"
                                                : "Cannot change state of finished CancelScope");
      }
      deadline_ = deadline;
      before = std::exchange(alarm_, nullptr);
      if (chain && deadline) {
        auto& loop = *static_cast<loop_state*>(chain->task.home().owner());
        alarm_ = loop.call_at(*deadline, [self = rt::counted_ptr<cancel_scope_core>(this)] { self->cancel(); });
      }
    }
    if (before) before->cancel();
  }

  bool is_cancelled() const { return look(is_cancelled_); }
  bool is_caught() const { return look(is_caught_); }
  std::optional<rt::nanos> deadline() const { return look(deadline_); }

 private:
  ~cancel_scope_core() = default;

  rt::counted_ptr<scope_chain> chain_of_own() const {
    const std::lock_guard own(own_mutex_);
    return chain_;
  }
  // Null: it has not been entered, and will be cancelled then.
  rt::counted_ptr<scope_chain> chain_or_cancelled() {
    const std::lock_guard own(own_mutex_);
    if (!chain_) is_cancelled_ = true;
    return chain_;
  }
  template <class T>
  T look(const T& what) const {
    const std::lock_guard own(own_mutex_);
    if (!chain_) return what;
    const std::lock_guard guard(chain_->mutex);
    return what;
  }

  // With the chain locked, as all below. How many scopes around this one have asked.
  std::uint32_t requests_around() const noexcept {
    std::uint32_t n = 0;
    for (const cancel_scope_core* s = outer_; s; s = s->outer_) n += s->has_asked_;
    return n;
  }

  // Tells the task what its scopes want.
  void apply() noexcept {
    rt::task_base& task = chain_->task;
    bool persists = false, is_shielded = false, is_told = false;
    for (cancel_scope_core* s = chain_->innermost; s; s = s->outer_) {
      if (s->is_cancelled_ && !is_shielded) {
        persists = true;
        if (!std::exchange(s->has_asked_, true)) {
          task.hide_inherited_cancel(is_shielded);
          task.cancel_persistently();
          is_told = true;
        }
      }
      is_shielded |= s->shield_;
    }
    task.hide_inherited_cancel(is_shielded);
    if (!is_told) task.set_persistent_cancel(persists);
  }

  const bool shield_;
  const OptionalDelay timeout_;
  mutable rt::futex_mutex own_mutex_;
  rt::counted_ptr<scope_chain> chain_;  // guarded by own_mutex_; once set it stays
  // guarded by the chain's mutex, by own_mutex_ before there is one
  bool is_cancelled_ = false;
  bool is_caught_ = false;
  bool is_inside_ = false;
  bool has_asked_ = false;               // one of the task's cancelling() is its own
  cancel_scope_core* outer_ = nullptr;   // alive while this one is inside
  std::uint32_t cancelling_before_ = 0;  // requests that were there when it was entered
  std::optional<rt::nanos> deadline_;
  rt::counted_ptr<callback> alarm_;
  mutable std::atomic<std::uint32_t> refs_{1};
};

CancelScope::CancelScope(const CancelScopeOptions& options)
    : core_(rt::counted_ptr<cancel_scope_core>::adopt(new cancel_scope_core(options))) {}
CancelScope::CancelScope(const CancelScope&) = default;
CancelScope::CancelScope(CancelScope&&) noexcept = default;
CancelScope& CancelScope::operator=(CancelScope other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}
CancelScope::~CancelScope() = default;

void CancelScope::cancel() const { core_->cancel(); }
bool CancelScope::cancel_called() const { return core_->is_cancelled(); }
bool CancelScope::cancelled_caught() const { return core_->is_caught(); }

std::optional<double> CancelScope::deadline() const {
  const auto d = core_->deadline();
  if (!d) return std::nullopt;
  return static_cast<double>(*d) * 1e-9;
}

void CancelScope::reschedule(std::optional<double> deadline) const {
  std::optional<rt::nanos> when;
  if (deadline) when = Delay(*deadline).nanos();
  core_->set_deadline(when, true);
}

void CancelScope::enter() const { core_->enter(); }
std::exception_ptr CancelScope::leave(std::exception_ptr error) const noexcept {
  return core_->leave(std::move(error));
}

}  // namespace hocket
