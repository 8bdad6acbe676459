#include <hocket/loop/context_state.hpp>

#include <mutex>

#include <hocket/loop/task.hpp>
#include <hocket/rt/coro/task_base.hpp>

namespace hocket {
namespace {

// What a context_scope put over the task's own context: it holds only for code of that task, since a worker may run
// another one on top of it.
struct scope_of_thread {
  context_slot* slot = nullptr;
  const void* task = nullptr;
};

struct thread_contexts {
  scope_of_thread scope;
  context_slot own;  // of code outside of tasks
};

thread_contexts& contexts_here() noexcept {
  thread_local thread_contexts here;
  return here;
}

// What stands over the context of the running task, or of the thread when none runs; or null.
context_slot* scope_over(const rt::task_base* task) noexcept {
  const scope_of_thread& scope = contexts_here().scope;
  return scope.task == task ? scope.slot : nullptr;
}

task_core& core_of(rt::task_base& task) noexcept { return static_cast<task_core&>(task.whole_task()); }

}  // namespace

context_key next_context_key() noexcept {
  static std::atomic<context_key> last{0};
  return last.fetch_add(1, rt::relaxed) + 1;  // order: a number
}

// --- the map ---

context_map::node::node(context_key k, rt::counted_ptr<const context_value> v, link l, link r) noexcept
    : key(k), value(std::move(v)), left(std::move(l)), right(std::move(r)) {}

context_map::link context_map::make(context_key key, rt::counted_ptr<const context_value> value, link left,
                                    link right) {
  return link::adopt(new node(key, std::move(value), std::move(left), std::move(right)));
}

// Keys are consecutive numbers; mixed (splitmix64's last steps) they keep the tree shallow. After: Seidel & Aragon,
// "Randomized search trees", 1996.
std::uint64_t context_map::rank(context_key key) noexcept {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
  return key ^ (key >> 31);
}

const context_value* context_map::find(context_key key) const noexcept {
  const node* n = root_.get();
  while (n && n->key != key) n = key < n->key ? n->left.get() : n->right.get();
  return n ? n->value.get() : nullptr;
}

context_map context_map::with(context_key key, rt::counted_ptr<const context_value> value) const {
  return context_map(put(root_, key, value));
}

context_map context_map::without(context_key key) const { return find(key) ? context_map(cut(root_, key)) : *this; }

std::size_t context_map::size() const noexcept {
  struct count {
    static std::size_t of(const node* n) noexcept { return n ? 1 + of(n->left.get()) + of(n->right.get()) : 0; }
  };
  return count::of(root_.get());
}

// Above its children stands whoever has the higher rank.
context_map::link context_map::put(const link& at, context_key key, const rt::counted_ptr<const context_value>& value) {
  if (!at) return make(key, value, nullptr, nullptr);
  if (key == at->key) return make(key, value, at->left, at->right);
  if (key < at->key) {
    const link l = put(at->left, key, value);
    if (rank(l->key) < rank(at->key)) return make(at->key, at->value, l, at->right);
    return make(l->key, l->value, l->left, make(at->key, at->value, l->right, at->right));
  }
  const link r = put(at->right, key, value);
  if (rank(r->key) < rank(at->key)) return make(at->key, at->value, at->left, r);
  return make(r->key, r->value, make(at->key, at->value, at->left, r->left), r->right);
}

context_map::link context_map::cut(const link& at, context_key key) {
  if (key == at->key) return join(at->left, at->right);
  if (key < at->key) return make(at->key, at->value, cut(at->left, key), at->right);
  return make(at->key, at->value, at->left, cut(at->right, key));
}

context_map::link context_map::join(const link& left, const link& right) {
  if (!left) return right;
  if (!right) return left;
  if (rank(left->key) > rank(right->key)) return make(left->key, left->value, left->left, join(left->right, right));
  return make(right->key, right->value, join(left, right->left), right->right);
}

// --- contexts ---

rt::counted_ptr<context_state> context_state::make(context_map map) {
  return rt::counted_ptr<context_state>::adopt(new context_state(std::move(map)));
}

context_map context_state::map() const noexcept {
  const std::lock_guard guard(mutex_);
  return map_;
}

// The old tree ends outside the lock: values are the user's.
void context_state::set(context_key key, rt::counted_ptr<const context_value> value) {
  context_map old;
  for (;;) {
    old = map();
    context_map changed = old.with(key, value);
    const std::lock_guard guard(mutex_);
    if (!map_.is_same(old)) continue;
    std::swap(map_, changed);
    return;
  }
}

void context_state::erase(context_key key) {
  context_map old;
  for (;;) {
    old = map();
    context_map changed = old.without(key);
    const std::lock_guard guard(mutex_);
    if (!map_.is_same(old)) continue;
    std::swap(map_, changed);
    return;
  }
}

// --- slots ---

context_state& context_slot::get() {
  if (context_state* const c = peek()) return *c;
  rt::counted_ptr<context_state> made = context_state::make();
  context_state* expected = nullptr;
  // order: X5: publishes the new context; pairs with the acquire load in peek() and with itself.
  if (!context_.compare_exchange_strong(expected, made.get(), rt::acq_rel, rt::acquire)) return *expected;
  return *made.detach();
}

void context_slot::use(rt::counted_ptr<context_state> c) noexcept {
  // order: published with the owner.
  if (context_state* const old = context_.exchange(c.detach(), rt::relaxed)) old->release_ref();
}

context_state& current_context() {
  rt::task_base* const task = rt::current_task();
  if (context_slot* const slot = scope_over(task)) return slot->get();
  return task ? core_of(*task).context().get() : contexts_here().own.get();
}

context_state* peek_current_context() noexcept {
  rt::task_base* const task = rt::current_task();
  if (const context_slot* const slot = scope_over(task)) return slot->peek();
  return task ? core_of(*task).peek_context() : contexts_here().own.peek();
}

rt::counted_ptr<context_state> copy_of_current_context() {
  const context_state* const from = peek_current_context();
  if (!from) return nullptr;
  context_map map = from->map();
  return map.empty() ? nullptr : context_state::make(std::move(map));
}

context_scope::context_scope(context_slot& slot) noexcept
    : outer_slot_(contexts_here().scope.slot), outer_task_(contexts_here().scope.task) {
  contexts_here().scope = {&slot, rt::current_task()};
}

context_scope::~context_scope() { contexts_here().scope = {outer_slot_, outer_task_}; }

}  // namespace hocket
