#include <hocket/stream/connection.hpp>

#include <cerrno>
#include <mutex>
#include <utility>

#include <hocket/loop/sleep.hpp>
#include <hocket/net/errors.hpp>
#include <hocket/net/kernel_calls.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::stream {
namespace {

constexpr int sends_per_turn = 8;                    // then the worker sees to others first
constexpr std::size_t discarded_on_close = 1 << 17;  // bytes; as much as asyncio would have read ahead

}  // namespace

struct connection::aftermath {
  connection& self;
  rt::runnable_list waiting;
  rt::scheduler* repost_to = nullptr;
  std::optional<Event> room;
  std::optional<Event> closed;
  std::shared_ptr<connection_owner> owner;
  std::shared_ptr<connection> last_reference;

  explicit aftermath(connection& c) noexcept : self(c) {}

  /// Outside the mutex. `self` may end with it.
  void perform() noexcept {
    while (rt::runnable* op = waiting.pop_front()) op->run();
    if (room) room->set();
    if (closed) closed->set();
    if (owner) owner->connection_lost(self);
    // It keeps itself alive while it is queued; from here on it may be gone.
    if (repost_to) repost_to->post(self);
  }
};

connection::connection(net::socket&& s, const net::address& peer, std::shared_ptr<connection_owner> owner)
    : socket_(std::move(s)), owner_(std::move(owner)), peer_(peer) {}

connection::~connection() { abort(); }

void connection::write(std::string_view data) {
  std::unique_lock lock(mutex());
  if (eof_) throw RuntimeError("Cannot call write() after write_eof()");
  if (data.empty() || closing_) return;
  net::attempt sent{0, EAGAIN};  // behind what is queued
  if (!flushing_) sent = socket_.try_send_locked(data);
  if (sent.bytes < data.size()) queue(data.substr(sent.bytes), sent, std::move(lock));
}

/// What the kernel did not take.
void connection::queue(std::string_view data, net::attempt sent, std::unique_lock<rt::futex_mutex> lock) {
  aftermath after(*this);
  if (sent.error != 0 && !sent.must_wait()) {
    fail(sent.error, after);
  } else {
    try {
      out_.append(data);
    } catch (...) {
      // Part of it may be on its way: what came later must not follow that.
      fail(ENOMEM, after);
    }
  }
  if (!closing_) {
    paused_ = paused_ || out_.size() > high_water;
    note_calm();
    if (!flushing_) {
      flushing_ = true;
      self_ = shared_from_this();
      flush(after);
    }
  }
  lock.unlock();
  after.perform();
}

void connection::write_eof() {
  const std::lock_guard lock(mutex());
  if (closing_ || eof_) return;
  eof_ = true;
  if (!flushing_) socket_.shutdown_write_locked();
}

void connection::close() {
  aftermath after(*this);
  {
    const std::lock_guard lock(mutex());
    if (closing_) return;
    closing_ = true;
    note_calm();
    if (!flushing_) finish(after);
  }
  after.perform();
}

void connection::abort() {
  aftermath after(*this);
  {
    const std::lock_guard lock(mutex());
    if (lost_) return;
    fail(0, after);
  }
  after.perform();
}

void connection::lose(int error) {
  aftermath after(*this);
  {
    const std::lock_guard lock(mutex());
    if (lost_) return;
    fail(error, after);
  }
  after.perform();
}

bool connection::is_closing() const noexcept {
  const std::lock_guard lock(mutex());
  return closing_;
}

std::exception_ptr connection::error() const {
  const int error = error_.load(rt::relaxed);  // order: it tells all there is to know
  return error != 0 ? net::make_os_error(error) : nullptr;
}

std::size_t connection::queued() const noexcept {
  const std::lock_guard lock(mutex());
  return out_.size();
}

Coro<> connection::drain(std::shared_ptr<connection> c) {
  co_await rt::turn_point();
  if (auto e = c->error()) std::rethrow_exception(e);
  if (c->is_closing()) co_await sleep(0);
  std::optional<Event> room;
  {
    const std::lock_guard lock(c->mutex());
    if (c->lost_) {
      if (c->error_ != 0) net::throw_os_error(c->error_);
      throw ConnectionResetError("Connection lost");
    }
    if (c->paused_) {
      if (!c->room_) c->room_.emplace();
      room = c->room_;
    }
  }
  if (!room) co_return;
  co_await room->wait();
  if (auto e = c->error()) std::rethrow_exception(e);
}

Coro<> connection::wait_closed(std::shared_ptr<connection> c) {
  std::optional<Event> closed;
  {
    const std::lock_guard lock(c->mutex());
    if (!c->lost_) {
      if (!c->closed_) c->closed_.emplace();
      closed = c->closed_;
    }
  }
  if (closed) co_await closed->wait();
  if (auto e = c->error()) std::rethrow_exception(e);
}

// The socket may take more, or it was taken down.
void connection::run() noexcept {
  aftermath after(*this);
  std::shared_ptr<connection> alive;  // another worker may end the flush as soon as the mutex is free
  {
    const std::lock_guard lock(mutex());
    alive = self_;
    if (lost_) {
      stop_flusher(after);
    } else {
      flush(after);
    }
  }
  after.perform();
}

// With mutex(), by whoever set flushing_ or was given the operation: sends until all is sent, the socket is full, or a
// turn is over.
void connection::flush(aftermath& after) noexcept {
  rt::scheduler* const pool = rt::this_thread().sched;
  for (int sends = 0; !out_.empty(); ++sends) {
    if (sends >= sends_per_turn && pool) {
      after.repost_to = pool;
      return note_room(after);
    }
    const net::attempt sent = socket_.try_send_locked(out_.view());
    if (sent.error == 0) {
      out_.consume(sent.bytes);
      continue;
    }
    if (sent.must_wait()) {
      const rt::submitted s = socket_.submit(rt::io_direction::write, *this);
      if (s == rt::submitted::waiting) return note_room(after);
      if (s == rt::submitted::was_ready) continue;
    }
    stop_flusher(after);
    return fail(sent.must_wait() ? 0 : sent.error, after);
  }
  stop_flusher(after);
  note_room(after);
  out_.shrink(high_water * 2);
  if (closing_) return finish(after);
  if (eof_) socket_.shutdown_write_locked();
}

void connection::stop_flusher(aftermath& after) noexcept {
  flushing_ = false;
  after.last_reference = std::move(self_);
}

void connection::note_room(aftermath& after) noexcept {
  if (!paused_ || out_.size() > low_water) return;
  paused_ = false;
  note_calm();
  after.room = std::exchange(room_, std::nullopt);
}

void connection::fail(int error, aftermath& after) noexcept {
  error_ = error;
  closing_ = true;
  out_.clear();
  note_calm();
  finish(after);
}

void connection::finish(aftermath& after) noexcept {
  lost_ = true;
  paused_ = false;
  if (error_ == 0) socket_.discard_received(discarded_on_close);
  after.waiting = socket_.take_down_locked();
  if (room_) after.room = std::exchange(room_, std::nullopt);
  after.closed = std::exchange(closed_, std::nullopt);
  after.owner = std::move(owner_);
}

}  // namespace hocket::stream
