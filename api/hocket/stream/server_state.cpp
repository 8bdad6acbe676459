#include <hocket/stream/server_state.hpp>

#include <cerrno>
#include <mutex>
#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/sleep.hpp>
#include <hocket/loop/timeout.hpp>
#include <hocket/net/errors.hpp>
#include <hocket/net/resolve.hpp>
#include <hocket/rt/coro/task_base.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket::stream {
namespace {

constexpr double accept_retry_delay = 1.0;  // seconds, as asyncio

bool out_of_resources(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

/// The server closes when a task that accepts for it ends, be it cancelled.
struct server_state::accept_scope {
  server_state& server;
  explicit accept_scope(server_state& s) noexcept : server(s) {}
  accept_scope(const accept_scope&) = delete;
  accept_scope& operator=(const accept_scope&) = delete;
  ~accept_scope() { server.close(); }
};

/// One task at a time stands in serve_forever().
class server_state::forever_scope {
 public:
  explicit forever_scope(server_state& s) : server_(s) {
    const std::string name = s.text();
    const std::lock_guard lock(s.mutex_);
    if (s.in_serve_forever_) throw RuntimeError("server " + name + " is already being awaited on serve_forever()");
    if (s.closed_) throw RuntimeError("server " + name + " is closed");
    s.in_serve_forever_ = true;
  }
  forever_scope(const forever_scope&) = delete;
  forever_scope& operator=(const forever_scope&) = delete;
  ~forever_scope() {
    const std::lock_guard lock(server_.mutex_);
    server_.in_serve_forever_ = false;
  }

 private:
  server_state& server_;
};

void server_state::add_listener(net::socket s) {
  addresses_.push_back(s.local_address());
  listeners_.push_back(std::make_unique<net::socket>(std::move(s)));
}

bool server_state::start() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (std::exchange(serving_, true)) return true;
  }
  for (auto& listener : listeners_) listener->listen(options_.backlog);
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    create_task(accept_from(shared_from_this(), i), {.name = "Server.accept"});
  }
  return true;
}

Coro<> server_state::start_serving(std::shared_ptr<server_state> self) {
  if (!self->start()) throw RuntimeError("server " + self->text() + " is closed");
  co_await sleep(0);
}

void server_state::close() noexcept {
  std::optional<Event> ended;
  bool idle;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    serving_ = false;
    ended = std::exchange(ended_, std::nullopt);
    idle = connections_.empty();
  }
  for (auto& listener : listeners_) listener->close();
  if (ended) ended->set();
  closing_.set();
  if (idle) idle_.set();
}

Coro<> server_state::serve_forever(std::shared_ptr<server_state> self) {
  const forever_scope alone(*self);
  self->start();
  std::exception_ptr cancelled;
  try {
    co_await self->closing_.wait();
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  self->close();
  self->end_clients(true);
  co_await wait_closed(self);
  if (cancelled) std::rethrow_exception(cancelled);
  throw CancelledError();
}

Coro<> server_state::wait_closed(std::shared_ptr<server_state> self) { co_await self->idle_.wait(); }

void server_state::end_clients(bool gently) noexcept {
  std::vector<std::shared_ptr<connection>> open;
  {
    const std::lock_guard lock(mutex_);
    open.reserve(connections_.size());
    for (connection* c = connections_.front(); c; c = connections_.next(*c)) {
      // Null: it ends just now, and waits for mutex_ to say so.
      if (auto alive = c->weak_from_this().lock()) open.push_back(std::move(alive));
    }
  }
  for (auto& c : open) gently ? c->close() : c->abort();
}

bool server_state::is_serving() const noexcept {
  const std::lock_guard lock(mutex_);
  return serving_;
}

std::size_t server_state::connections() const noexcept {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::vector<net::address> server_state::addresses() const {
  const std::lock_guard lock(mutex_);
  return closed_ ? std::vector<net::address>() : addresses_;
}

std::string server_state::text() const {
  std::string out = "<Server sockets=(";
  for (const net::address& a : addresses()) out += a.str() + ", ";
  if (out.ends_with(", ")) out.resize(out.size() - 2);
  return out + ")>";
}

void server_state::connection_lost(connection& c) noexcept {
  std::optional<Event> ended;
  bool idle;
  {
    const std::lock_guard lock(mutex_);
    if (c.is_linked()) connections_.erase(c);
    ended = std::exchange(ended_, std::nullopt);
    idle = closed_ && connections_.empty();
  }
  if (ended) ended->set();
  if (idle) idle_.set();
}

Coro<> server_state::accept_from(std::shared_ptr<server_state> self, std::size_t index) {
  const accept_scope closes_at_the_end(*self);
  net::socket& listener = *self->listeners_[index];
  bool reported = false;
  int in_a_row = 0;
  for (;;) {
    while (std::optional<Event> room = self->wait_for_room()) co_await room->wait();
    net::socket::accepted a = listener.try_accept();
    if (a.fd) {
      self->admit(std::move(a));
      if (++in_a_row == self->options_.backlog) {
        in_a_row = 0;
        co_await sleep(0);
      }
      continue;
    }
    in_a_row = 0;
    if (a.error == EAGAIN || a.error == EWOULDBLOCK) {
      reported = false;
      co_await listener.ready(rt::io_direction::read);
      continue;
    }
    if (!self->is_serving()) co_return;
    if (!std::exchange(reported, true)) {
      report_problem(out_of_resources(a.error) ? "socket.accept() out of system resource" : "socket.accept() failed",
                     self->text(), net::make_os_error(a.error));
    }
    co_await pause(self);
  }
}

/// Until descriptors may be there again: a second, or until a connection of this server ends.
Coro<> server_state::pause(std::shared_ptr<server_state> self) {
  const Event ended = self->next_end();
  try {
    co_await wait_for(ended.wait(), accept_retry_delay);
  } catch (const TimeoutError&) {
  }
}

void server_state::admit(net::socket::accepted a) {
  try {
    net::socket s(rt::current_task()->home().sched().io(), std::move(a.fd));
    auto c = std::make_shared<connection>(std::move(s), a.peer, shared_from_this());
    auto streams = std::make_shared<reader_state>(c, options_.limit);
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;  // it came while the server was closing: the peer sees it end
      connections_.push_back(*c);
    }
    create_task(serve(shared_from_this(), std::move(streams)));
  } catch (const std::exception&) {
    report_problem("Error on transport creation for incoming connection", text(), std::current_exception());
  }
}

Coro<> server_state::serve(std::shared_ptr<server_state> self, std::shared_ptr<reader_state> streams) {
  const std::shared_ptr<connection> c = streams->source();
  StreamReader reader(streams);
  StreamWriter writer(std::move(streams));
  std::exception_ptr failed;
  try {
    co_await self->callback_(std::move(reader), std::move(writer));
  } catch (...) {
    failed = std::current_exception();
  }
  if (!failed) co_return;
  c->close();
  if (kind_of(failed) != error_kind::ordinary) std::rethrow_exception(failed);
  report_problem("Unhandled exception in client_connected_cb", self->text(), failed);
}

/// What says that a connection ended, while there are as many as may be.
std::optional<Event> server_state::wait_for_room() {
  const std::lock_guard lock(mutex_);
  if (closed_ || options_.max_connections == 0 || connections_.size() < options_.max_connections) return std::nullopt;
  return next_end_locked();
}

Event server_state::next_end() {
  const std::lock_guard lock(mutex_);
  return next_end_locked();
}

const Event& server_state::next_end_locked() {
  if (!ended_) ended_.emplace();
  return *ended_;
}

Coro<Server> start_server(connected_callback callback, std::optional<std::string> host, int port,
                          ServerOptions options) {
  auto state = std::make_shared<server_state>(std::move(callback), options);
  std::vector<net::address> where;
  if (host && !host->empty()) {
    where = co_await net::resolve(std::move(*host), port, options.family);
  } else {
    where = net::any_address(port, options.family);
  }
  for (const net::address& a : where)
    state->add_listener(net::socket::bind(a, options.reuse_address, options.reuse_port));
  if (options.start_serving) {
    state->start();
    co_await sleep(0);
  }
  co_return Server(std::move(state));
}

}  // namespace hocket::stream

namespace hocket {

std::vector<net::address> Server::sockets() const { return state_->addresses(); }

int Server::port() const {
  const auto open = sockets();
  return open.empty() ? 0 : open.front().port();
}

bool Server::is_serving() const noexcept { return state_->is_serving(); }

Coro<> Server::start_serving() const { return stream::server_state::start_serving(state_); }

Coro<> Server::serve_forever() const { return stream::server_state::serve_forever(state_); }
void Server::close() const { state_->close(); }
Coro<> Server::wait_closed() const { return stream::server_state::wait_closed(state_); }
void Server::close_clients() const { state_->end_clients(true); }
void Server::abort_clients() const { state_->end_clients(false); }
std::size_t Server::connections() const noexcept { return state_->connections(); }

std::ostream& operator<<(std::ostream& out, const Server& s) { return out << s.state_->text(); }

}  // namespace hocket
