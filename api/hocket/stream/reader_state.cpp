#include <hocket/stream/reader_state.hpp>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <new>
#include <utility>

#include <hocket/net/kernel_calls.hpp>
#include <hocket/stream/errors.hpp>

namespace hocket::stream {
namespace {

constexpr std::size_t first_receive = 4096;       // bytes: what an idle connection costs
constexpr std::size_t largest_receive = 1 << 16;  // bytes
constexpr int receives_in_a_row = 16;             // then a task that never waits lets others run

std::span<const std::string> shortest_first(reader_state::separators& any) {
  if (const auto* const one = std::get_if<std::string>(&any)) return {one, 1};
  auto& some = std::get<std::vector<std::string>>(any);
  std::sort(some.begin(), some.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  return some;
}

}  // namespace

reader_state::reader_state(std::shared_ptr<connection> source, std::size_t limit)
    : source_(std::move(source)),
      limit_(limit),
      mutex_(source_ ? source_->socket().lock_of(rt::io_direction::read) : own_mutex_),
      receive_size_(first_receive) {
  if (limit == 0) throw ValueError("Limit cannot be <= 0");
}

reader_state::~reader_state() {
  if (source_) source_->close();
}

// ---- What the reader's functions do.

Coro<std::string> reader_state::read(std::shared_ptr<reader_state> self, long long n) {
  self->throw_if_failed();
  if (n == 0) co_return std::string();
  // For n < 0 all stays in the buffer until the end, so that a cancelled read loses nothing.
  const std::size_t wanted = n < 0 ? std::string::npos : 1;
  co_await arrival(*self, wanted, "read");
  co_return self->take(static_cast<std::size_t>(n));
}

Coro<std::string> reader_state::readexactly(std::shared_ptr<reader_state> self, long long n) {
  if (n < 0) throw ValueError("readexactly size can not be less than zero");
  self->throw_if_failed();
  const auto wanted = static_cast<std::size_t>(n);
  co_await arrival(*self, wanted, "readexactly");
  std::string taken = self->take(wanted);
  if (taken.size() < wanted) throw IncompleteReadError(std::move(taken), wanted);
  co_return taken;
}

Coro<std::string> reader_state::readuntil(std::shared_ptr<reader_state> self, separators any) {
  const std::span<const std::string> wanted = shortest_first(any);
  if (wanted.empty()) throw ValueError("Separator should contain at least one element");
  if (wanted.front().empty()) throw ValueError("Separator should be at least one-byte string");
  self->throw_if_failed();
  std::size_t searched = 0;
  for (;;) {
    found result = self->find(wanted, searched);
    if (result.text) co_return std::move(*result.text);
    if (result.ended) throw IncompleteReadError(self->take(std::string::npos), std::nullopt);
    co_await arrival(*self, result.looked_at + 1, "readuntil");
  }
}

Coro<std::string> reader_state::readline(std::shared_ptr<reader_state> self) {
  try {
    co_return co_await readuntil(self, std::string("\n"));
  } catch (const IncompleteReadError& e) {
    co_return e.partial();
  } catch (const LimitOverrunError& e) {
    self->drop_overlong_line(e.consumed());
    throw ValueError(e.what());
  }
}

Coro<std::size_t> reader_state::readinto(std::shared_ptr<reader_state> self, std::span<char> into) {
  co_return co_await readinto_wait(std::move(self), into);
}

Coro<bool> reader_state::fill(std::shared_ptr<reader_state> self) {
  self->throw_if_failed();
  const std::size_t before = self->buffered().size();
  co_await arrival(*self, before + 1, "fill");
  co_return self->buffered().size() > before;
}

// ---- Waiting.

// One piece down to the system call, as it stands in commit(): net/kernel_calls.hpp says why.

[[gnu::always_inline]] inline net::attempt reader_state::receive_locked(std::span<char> into) {
  const std::span<char> room = into.empty() ? buffer_.prepare(receive_size_) : into;
  const net::attempt got = source_->socket().try_receive_locked(room);
  drained_ = got.must_wait() || (got.bytes > 0 && got.bytes < room.size());
  if (got.error != 0) return got;
  if (into.empty()) {
    buffer_.commit(got.bytes);
    if (got.bytes == room.size()) receive_size_ = std::min(receive_size_ * 2, largest_receive);
  }
  eof_ = got.bytes == 0;
  return got;
}

[[gnu::always_inline]] inline arrival::step arrival::take_locked() {
  for (bool has_chance = step_ == step::receive || !state_.drained_;; has_chance = !state_.drained_) {
    if (received_ > 0 || state_.has_locked(wanted_)) return end_locked(outcome::here);
    if (state_.waiting_ && !waits_) return end_locked(outcome::refused);
    if (!state_.source_ && state_.exception_) return end_locked(outcome::failed);
    if (!state_.source_ || !has_chance) break;
    if (state_.unbroken_ == receives_in_a_row) {
      state_.unbroken_ = 0;
      return step::give_way;
    }
    const bool direct = !into_.empty() && state_.buffer_.empty();
    const net::attempt got = state_.receive_locked(direct ? into_ : std::span<char>());
    if (got.error == 0) {
      ++state_.unbroken_;
      if (direct) received_ = got.bytes;
    } else if (!got.must_wait()) {
      error_ = got.error;
      return end_locked(outcome::lost);
    }
  }
  state_.unbroken_ = 0;
  seen_ = state_.buffer_.size();
  state_.waiting_ = waits_ = true;
  return step::wait;
}

/// Takes what is there, as far as it is wanted. True: there is nothing to wait for.
[[gnu::always_inline]] inline bool arrival::look_in_place() noexcept {
  const std::lock_guard lock(state_.mutex_);
  try {
    step_ = take_locked();
  } catch (...) {
    step_ = end_locked(outcome::no_memory);
  }
  return outcome_ != outcome::none;
}

bool arrival::look() noexcept { return look_in_place(); }

arrival::step arrival::end_locked(outcome o) noexcept {
  outcome_ = o;
  if (std::exchange(waits_, false)) state_.waiting_ = false;
  return step::look;
}

bool arrival::commit(rt::task_base& self) noexcept {
  if (cancelled_) return false;
  self.ask_again();
  for (;;) {
    switch (step_) {
      case step::give_way:
        step_ = step::look;
        wake(self);  // owned, so it is queued behind what is ready
        return true;
      case step::wait:
        step_ = step::receive;
        if (wait()) return true;
        break;
      case step::look:
      case step::receive:
        break;
    }
    if (look_in_place()) return false;
  }
}

/// Registers for the wake. False: something came meanwhile.
bool arrival::wait() noexcept {
  if (state_.source_) return state_.source_->socket().submit_for_task(rt::io_direction::read, *this);
  const std::lock_guard lock(state_.mutex_);
  if (state_.eof_ || state_.exception_ || state_.buffer_.size() != seen_) return false;
  state_.fed_ = this;
  return true;
}

bool arrival::cancel(rt::task_base& self) noexcept {
  if (step_ == step::look) return false;  // it gives way
  if (state_.source_) {
    if (!state_.source_->socket().cancel_for_task(rt::io_direction::read, *this)) return false;
  } else {
    const std::lock_guard lock(state_.mutex_);
    if (state_.fed_ != this) return false;
    state_.fed_ = nullptr;
  }
  cancelled_ = true;
  wake(self);
  return true;
}

void arrival::await_resume() {
  if (outcome_ == outcome::none) {
    const std::lock_guard lock(state_.mutex_);
    end_locked(outcome::none);
  }
  finish_resume();
  if (cancelled_) throw CancelledError(task_->cancel_message());
  switch (outcome_) {
    case outcome::none:
    case outcome::here:
      return;
    case outcome::failed:
      return state_.throw_if_failed();
    case outcome::lost:
      return state_.end_after(error_);
    case outcome::refused:
      throw RuntimeError(std::string(who_) + "() called while another coroutine is already waiting for incoming data");
    case outcome::no_memory:
      throw std::bad_alloc();
  }
}

/// A receive failed: the connection is lost, if it was not closed here. Throws what to, or leaves the end.
void reader_state::end_after(int error) {
  if (error != EBADF) source_->lose(error);
  throw_if_failed();
  const std::lock_guard lock(mutex_);
  eof_ = true;
}

void reader_state::throw_if_failed() const {
  // order: F1: pairs with set_exception().
  if (!has_exception_.load(rt::acquire) && !(source_ && source_->has_error())) return;
  if (auto e = exception()) std::rethrow_exception(e);
}

// CPython's StreamReader.readuntil, one round: `searched` is how far no separator can begin. They come shortest first.
reader_state::found reader_state::find(std::span<const std::string> separators, std::size_t& searched) {
  const std::lock_guard lock(mutex_);
  const std::string_view bytes = buffer_.view();
  if (bytes.size() >= searched + separators.front().size()) {
    constexpr std::size_t nowhere = std::string_view::npos;
    std::size_t begin = nowhere, end = nowhere;
    for (const std::string& s : separators) {
      const std::size_t at = bytes.find(s, searched);
      if (at == nowhere || at + s.size() >= end) continue;
      begin = at;
      end = at + s.size();
    }
    if (end != nowhere) {
      if (begin > limit_) throw LimitOverrunError("Separator is found, but chunk is longer than limit", begin);
      return {buffer_.take(end)};
    }
    const std::size_t longest = separators.back().size();
    searched = bytes.size() < longest ? 0 : bytes.size() + 1 - longest;
    if (searched > limit_) throw LimitOverrunError("Separator is not found, and chunk exceed the limit", searched);
  }
  return {std::nullopt, eof_, bytes.size()};
}

std::string reader_state::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  return buffer_.take(bytes);
}

std::size_t reader_state::take_into(std::span<char> into) {
  const std::lock_guard lock(mutex_);
  const std::size_t n = std::min(into.size(), buffer_.size());
  std::copy_n(buffer_.view().data(), n, into.data());
  buffer_.consume(n);
  return n;
}

void reader_state::drop_overlong_line(std::size_t consumed) {
  const std::lock_guard lock(mutex_);
  const std::string_view bytes = buffer_.view();
  buffer_.consume(consumed < bytes.size() && bytes[consumed] == '\n' ? consumed + 1 : bytes.size());
}

// ---- Feeding by hand.

template <class Change>
void reader_state::wake_after(Change change) {
  arrival* waiting = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (change()) waiting = std::exchange(fed_, nullptr);
  }
  if (waiting) wake(*waiting->task_);
}

void reader_state::feed(std::string_view bytes) {
  wake_after([&] {
    if (eof_) throw RuntimeError("feed_data after feed_eof");
    buffer_.append(bytes);
    return !bytes.empty();
  });
}

void reader_state::feed_eof() {
  wake_after([&] { return eof_ = true; });
}

void reader_state::set_exception(std::exception_ptr e) {
  wake_after([&] {
    exception_ = std::move(e);
    // order: F1: after exception_, which is read under the mutex all the same.
    has_exception_.store(exception_ != nullptr, rt::release);
    return true;
  });
}

std::exception_ptr reader_state::exception() const {
  {
    const std::lock_guard lock(mutex_);
    if (exception_) return exception_;
  }
  return source_ ? source_->error() : nullptr;
}

bool reader_state::at_eof() const noexcept {
  const std::lock_guard lock(mutex_);
  return eof_ && buffer_.empty();
}

std::string_view reader_state::buffered() const noexcept {
  const std::lock_guard lock(mutex_);
  return buffer_.view();
}

void reader_state::consume(std::size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  buffer_.consume(std::min(bytes, buffer_.size()));
}

}  // namespace hocket::stream
