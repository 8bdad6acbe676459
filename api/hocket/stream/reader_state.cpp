#include <hocket/stream/reader_state.hpp>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include <hocket/loop/sleep.hpp>
#include <hocket/net/errors.hpp>
#include <hocket/stream/errors.hpp>

namespace hocket::stream {
namespace {

constexpr std::size_t first_receive = 4096;       // bytes: what an idle connection costs
constexpr std::size_t largest_receive = 1 << 16;  // bytes
constexpr int receives_in_a_row = 16;             // then a task that never waits lets others run

}  // namespace

/// This task waits for bytes; a second one is refused meanwhile.
struct reader_state::waiting_scope {
  reader_state& state;
  waiting_scope(reader_state& s, const char* who) : state(s) {
    const std::lock_guard lock(state.mutex_);
    state.check_alone_locked(who);
    state.waiting_ = true;
  }
  waiting_scope(const waiting_scope&) = delete;
  waiting_scope& operator=(const waiting_scope&) = delete;
  ~waiting_scope() {
    const std::lock_guard lock(state.mutex_);
    state.waiting_ = false;
  }
};

reader_state::reader_state(std::shared_ptr<connection> source, std::size_t limit)
    : source_(std::move(source)), limit_(limit), receive_size_(first_receive) {
  if (limit == 0) throw ValueError("Limit cannot be <= 0");
}

reader_state::~reader_state() {
  if (source_) source_->close();
}

Coro<std::string> reader_state::read(std::shared_ptr<reader_state> self, long long n) {
  self->throw_if_failed();
  if (n == 0) co_return std::string();
  if (n < 0) {
    // All stays in the buffer until the end, so that a cancelled read loses nothing.
    while (!self->has(std::string::npos)) co_await more(*self, "read");
    co_return self->take(std::string::npos);
  }
  if (!self->has(1)) co_await more(*self, "read");
  co_return self->take(static_cast<std::size_t>(n));
}

Coro<std::string> reader_state::readexactly(std::shared_ptr<reader_state> self, long long n) {
  if (n < 0) throw ValueError("readexactly size can not be less than zero");
  self->throw_if_failed();
  const auto wanted = static_cast<std::size_t>(n);
  while (!self->has(wanted)) co_await more(*self, "readexactly");
  std::string taken = self->take(wanted);
  if (taken.size() < wanted) throw IncompleteReadError(std::move(taken), wanted);
  co_return taken;
}

Coro<std::string> reader_state::readuntil(std::shared_ptr<reader_state> self, std::string separator) {
  if (separator.empty()) throw ValueError("Separator should be at least one-byte string");
  self->throw_if_failed();
  std::size_t searched = 0;
  for (;;) {
    found result = self->find(separator, searched);
    if (result.text) co_return std::move(*result.text);
    if (result.ended) throw IncompleteReadError(self->take(std::string::npos), std::nullopt);
    co_await more(*self, "readuntil");
  }
}

Coro<std::string> reader_state::readline(std::shared_ptr<reader_state> self) {
  try {
    co_return co_await readuntil(self, "\n");
  } catch (const IncompleteReadError& e) {
    co_return e.partial();
  } catch (const LimitOverrunError& e) {
    self->drop_overlong_line(e.consumed());
    throw ValueError(e.what());
  }
}

Coro<bool> reader_state::fill(std::shared_ptr<reader_state> self) {
  self->throw_if_failed();
  const std::size_t before = self->buffered().size();
  while (!self->has(before + 1)) co_await more(*self, "fill");
  co_return self->buffered().size() > before;
}

Coro<> reader_state::more(reader_state& self, const char* who) {
  if (self.source_) {
    if (self.try_pull(who)) {
      if (++self.unbroken_ < receives_in_a_row) co_return;
      self.unbroken_ = 0;
      co_await sleep(0);
      co_return;
    }
    self.unbroken_ = 0;
    const waiting_scope alone(self, who);
    do {
      co_await self.source_->socket().ready(rt::io_direction::read);
    } while (!self.pull());
  } else {
    const waiting_scope alone(self, who);
    std::optional<Event> fed = self.next_feed();
    if (fed) co_await fed->wait();
    self.throw_if_failed();
  }
}

bool reader_state::try_pull(const char* who) {
  {
    const std::lock_guard lock(mutex_);
    check_alone_locked(who);
  }
  return pull();
}

// True: there is news, bytes or the end. False: the socket has none.
bool reader_state::pull() {
  net::attempt got;
  {
    const std::lock_guard lock(mutex_);
    got = receive_locked();
  }
  if (got.error == 0) return true;
  if (got.must_wait()) return false;
  if (got.error != EBADF) source_->lose(got.error);
  // Closed here, by whomever: the end, or what it was lost to.
  throw_if_failed();
  const std::lock_guard lock(mutex_);
  eof_ = true;
  return true;
}

net::attempt reader_state::receive_locked() {
  const std::span<char> room = buffer_.prepare(receive_size_);
  const net::attempt got = source_->socket().try_receive(room);
  if (got.error != 0) return got;
  buffer_.commit(got.bytes);
  eof_ = got.bytes == 0;
  if (got.bytes == room.size()) receive_size_ = std::min(receive_size_ * 2, largest_receive);
  return got;
}

void reader_state::check_alone_locked(const char* who) const {
  if (!waiting_) return;
  throw RuntimeError(std::string(who) + "() called while another coroutine is already waiting for incoming data");
}

void reader_state::throw_if_failed() const {
  if (auto e = exception()) std::rethrow_exception(e);
}

// CPython's StreamReader.readuntil, one round: `searched` is how far no separator can begin.
reader_state::found reader_state::find(std::string_view separator, std::size_t& searched) {
  const std::lock_guard lock(mutex_);
  const std::string_view bytes = buffer_.view();
  if (bytes.size() >= searched + separator.size()) {
    const std::size_t at = bytes.find(separator, searched);
    if (at != std::string_view::npos) {
      if (at > limit_) throw LimitOverrunError("Separator is found, but chunk is longer than limit", at);
      return {buffer_.take(at + separator.size()), false};
    }
    searched = bytes.size() + 1 - separator.size();
    if (searched > limit_) throw LimitOverrunError("Separator is not found, and chunk exceed the limit", searched);
  }
  return {std::nullopt, eof_};
}

/// Whether a read of so many bytes has to wait no longer.
bool reader_state::has(std::size_t bytes) const noexcept {
  const std::lock_guard lock(mutex_);
  return eof_ || buffer_.size() >= bytes;
}

std::string reader_state::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  return buffer_.take(bytes);
}

void reader_state::drop_overlong_line(std::size_t consumed) {
  const std::lock_guard lock(mutex_);
  const std::string_view bytes = buffer_.view();
  buffer_.consume(consumed < bytes.size() && bytes[consumed] == '\n' ? consumed + 1 : bytes.size());
}

/// What says that more was fed; empty when there is news already.
std::optional<Event> reader_state::next_feed() {
  const std::lock_guard lock(mutex_);
  if (eof_ || exception_) return std::nullopt;
  fed_.emplace();
  return fed_;
}

void reader_state::feed(std::string_view bytes) {
  std::optional<Event> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (eof_) throw RuntimeError("feed_data after feed_eof");
    if (bytes.empty()) return;
    buffer_.append(bytes);
    waiting = std::exchange(fed_, std::nullopt);
  }
  if (waiting) waiting->set();
}

void reader_state::feed_eof() {
  std::optional<Event> waiting;
  {
    const std::lock_guard lock(mutex_);
    eof_ = true;
    waiting = std::exchange(fed_, std::nullopt);
  }
  if (waiting) waiting->set();
}

void reader_state::set_exception(std::exception_ptr e) {
  std::optional<Event> waiting;
  {
    const std::lock_guard lock(mutex_);
    exception_ = std::move(e);
    waiting = std::exchange(fed_, std::nullopt);
  }
  if (waiting) waiting->set();
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
