#include <algorithm>
#include <hocket/http/connection.hpp>
#include <hocket/http/server_core.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/sleep.hpp>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket::http {
namespace {

rt::nanos positive_time(const char* name, double seconds) {
  if (!(seconds > 0 && seconds < 1e9)) throw ValueError(std::string(name) + " must be above 0 and below 1e9 seconds");
  return static_cast<rt::nanos>(seconds * 1e9);
}

// For a client that no request of could be answered.
std::string farewell(int status, const char* text) {
  std::string out;
  append_response(out, Response(status, text), {.head_request = false, .http_1_0 = false, .keep_alive = false});
  return out;
}

/// While it lives the connection is in the server's list.
class listed {
 public:
  listed(server_core& core, connection_entry& entry) noexcept : core_(core), entry_(entry) {}
  listed(const listed&) = delete;
  listed& operator=(const listed&) = delete;
  ~listed() { core_.leave(entry_); }

 private:
  server_core& core_;
  connection_entry& entry_;
};

}  // namespace

server_core::server_core(Handler h, ServerOptions o)
    : handler(std::move(h)),
      options(o),
      header_time(positive_time("header_timeout", o.header_timeout)),
      body_time(positive_time("body_timeout", o.body_timeout)),
      idle_time(positive_time("idle_timeout", o.idle_timeout)),
      write_time(positive_time("write_timeout", o.write_timeout)) {
  if (!handler) throw ValueError("a handler is needed");
  if (options.max_connections == 0) throw ValueError("max_connections must be above 0");
}

bool server_core::enter(connection_entry& entry) {
  accepted_.fetch_add(1, rt::relaxed);  // order: figures for people, here and below
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    const bool full = entries_.size() >= options.max_connections;
    if (full) turned_away_.fetch_add(1, rt::relaxed);
    if (full || is_closing()) return false;
    first = entries_.empty();
    entries_.push_back(entry);
  }
  if (first) occupied_.set();
  return true;
}

void server_core::leave(connection_entry& entry) noexcept {
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    entries_.erase(entry);
    past_requests_ += entry.requests.read();
    past_handler_errors_ += entry.handler_errors.read();
    last = is_closing() && entries_.empty();
  }
  if (last) idle_.set();
}

void server_core::close() {
  bool idle = false;
  {
    const std::lock_guard lock(mutex_);
    closing_.store(true, rt::relaxed);
    idle = entries_.empty();
  }
  if (listener) listener->close();
  occupied_.set();
  if (idle) idle_.set();
  sweep(rt::steady_now());
}

ServerFigures server_core::figures() const {
  ServerFigures out;
  out.accepted = accepted_.load(rt::relaxed);
  out.turned_away = turned_away_.load(rt::relaxed);
  out.refused = refused_.load(rt::relaxed);
  out.timeouts = timeouts_.load(rt::relaxed);
  const std::lock_guard lock(mutex_);
  out.connections = entries_.size();
  out.requests = past_requests_;
  out.handler_errors = past_handler_errors_;
  for (const connection_entry* e = entries_.front(); e; e = entries_.next(*e)) {
    out.requests += e->requests.read();
    out.handler_errors += e->handler_errors.read();
  }
  return out;
}

/// Ends every connection whose wait is over its time; when closing, every one that waits for a request.
void server_core::sweep(rt::nanos now) {
  struct ended {
    StreamWriter writer;
    waiting_for what;
  };
  std::vector<ended> all;
  {
    const std::lock_guard lock(mutex_);
    for (connection_entry* e = entries_.front(); e; e = entries_.next(*e)) {
      if (const auto what = e->limit.take(now, is_closing())) all.push_back({e->writer, *what});
    }
  }
  for (const ended& one : all) {
    if (one.what != waiting_for::goodbye && !is_closing()) timeouts_.fetch_add(1, rt::relaxed);
    if (one.what == waiting_for::rest_of_request) one.writer.write(farewell(408, "the request took too long\n"));
    if (one.what == waiting_for::room) {
      one.writer.abort();
    } else {
      one.writer.close();
    }
  }
}

/// Whether the sweep has nothing to do until occupied_ is set.
bool server_core::wait_until_occupied() {
  const std::lock_guard lock(mutex_);
  if (!entries_.empty() || is_closing()) return false;
  occupied_.clear();
  return true;
}

Coro<> server_core::sweep_forever(std::shared_ptr<server_core> self) {
  const rt::nanos shortest = std::min({self->header_time, self->body_time, self->idle_time, self->write_time});
  const double pause = static_cast<double>(std::min(shortest / 4, rt::nanos_per_second)) / 1e9;
  for (;;) {
    const bool empty = self->wait_until_occupied();
    if (empty) co_await self->occupied_.wait();
    if (self->is_closing() && self->figures().connections == 0) co_return;
    self->sweep(rt::steady_now());
    co_await sleep(pause);
  }
}

Coro<> server_core::serve_forever(std::shared_ptr<server_core> self) {
  std::exception_ptr ended;
  try {
    co_await self->listener->serve_forever();
  } catch (...) {
    ended = std::current_exception();
  }
  self->close();
  if (ended) std::rethrow_exception(ended);
}

Coro<> server_core::wait_closed(std::shared_ptr<server_core> self) {
  co_await self->listener->wait_closed();
  co_await self->idle_.wait();
}

std::string Server::url() const {
  const auto addresses = core_->listener->sockets();
  if (addresses.empty()) return {};
  const std::string host = addresses.front().host();
  const bool six = host.find(':') != std::string::npos;
  return "http://" + (six ? "[" + host + "]" : host) + ":" + std::to_string(addresses.front().port());
}

int Server::port() const { return core_->listener->port(); }
Coro<> Server::serve_forever() const { return server_core::serve_forever(core_); }
void Server::close() const { core_->close(); }
Coro<> Server::wait_closed() const { return server_core::wait_closed(core_); }
ServerFigures Server::figures() const { return core_->figures(); }

Coro<Server> serve(Handler handler, std::string host, int port, ServerOptions options) {
  auto core = std::make_shared<server_core>(std::move(handler), options);
  hocket::ServerOptions streams;
  streams.backlog = options.backlog;
  // Some room for those that are told 503; beyond it they wait in the backlog.
  streams.max_connections = options.max_connections + options.max_connections / 8 + 16;
  streams.start_serving = false;
  // Weak: the core holds the listener, which holds this. The sweep keeps the core as long as it serves.
  auto callback = [weak = std::weak_ptr(core)](StreamReader reader, StreamWriter writer) {
    return serve_connection(weak.lock(), std::move(reader), std::move(writer));
  };
  core->listener.emplace(co_await start_server(callback, host, port, streams));
  co_await core->listener->start_serving();
  create_task(server_core::sweep_forever(core), {.name = "http.sweep"});
  co_return Server(std::move(core));
}

Coro<> serve_connection(std::shared_ptr<server_core> core, StreamReader reader, StreamWriter writer) {
  connection_entry entry(writer);
  if (!core || !core->enter(entry)) {
    if (core && !core->is_closing()) writer.write(farewell(503, "too many connections\n"));
    writer.close();
    co_return;
  }
  const listed as_long_as_this_runs(*core, entry);
  connection served(*core, entry, std::move(reader));
  std::exception_ptr failed;
  try {
    co_await served.run();
  } catch (const OSError&) {
    // The peer is gone, or the sweep has closed the connection: nobody is left to be told.
  } catch (...) {
    failed = std::current_exception();
  }
  writer.close();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace hocket::http
