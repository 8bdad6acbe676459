#include <hocket/net/socket.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include <hocket/net/errors.hpp>
#include <hocket/net/kernel_calls.hpp>
#include <hocket/rt/coro/task_base.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket::net {
namespace {

constexpr auto reading = rt::io_direction::read;
constexpr auto writing = rt::io_direction::write;

rt::reactor& this_reactor() { return rt::current_task()->home().sched().io(); }

rt::unique_fd make_stream_socket(int family) {
  rt::unique_fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw_os_error(errno);
  return fd;
}

void set_option(int fd, int level, int option) noexcept {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

address address_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) noexcept {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (ask(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return address::from(reinterpret_cast<sockaddr*>(&raw), size);
}

void bind_to(int fd, const address& local) {
  if (::bind(fd, local.data(), local.size()) == 0) return;
  const int code = errno;
  std::string reason = std::generic_category().message(code);
  std::transform(reason.begin(), reason.end(), reason.begin(), [](unsigned char c) { return std::tolower(c); });
  throw_os_error(code, "error while attempting to bind on address " + local.str() + ": " + reason);
}

rt::descriptor watch(rt::reactor& reactor, int fd) {
  try {
    return reactor.attach(fd);
  } catch (const std::system_error& e) {
    throw_os_error(e.code().value());
  }
}

/// accept(2): errors of the connection at the head of the queue, not of the listener.
bool died_in_the_queue(int error) noexcept {
  switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

socket::socket(rt::reactor& reactor, rt::unique_fd raw)
    : lease_(reactor.lease()), reactor_(&reactor), descriptor_(watch(reactor, raw.get())), fd_(std::move(raw)) {
  set_option(fd_.get(), IPPROTO_TCP, TCP_NODELAY);
}

socket::socket(socket&& other) noexcept
    : lease_(other.lease_),
      reactor_(other.reactor_),
      descriptor_(std::exchange(other.descriptor_, {})),
      fd_(std::move(other.fd_)) {}

rt::submitted socket::submit(rt::io_direction direction, rt::io_op& op) noexcept {
  const std::lock_guard lock(lease_->mutex);
  if (!lease_->io) return rt::submitted::stale;
  if (lease_->io->submit(descriptor_, direction, op)) return rt::submitted::waiting;
  return lease_->io->is_attached(descriptor_) ? rt::submitted::was_ready : rt::submitted::stale;
}

Coro<socket> socket::connect(address peer, address local) {
  rt::unique_fd fd = make_stream_socket(peer.family());
  if (local) bind_to(fd.get(), local);
  const int rc = ::connect(fd.get(), peer.data(), peer.size());
  int error = rc == 0 ? 0 : errno;
  // Watched only from here: a socket that has not begun to connect counts as hung up.
  socket connecting(this_reactor(), std::move(fd));
  while (error == EINPROGRESS || error == EINTR) {
    co_await connecting.ready(writing);
    socklen_t size = sizeof error;
    if (::getsockopt(connecting.fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    // The wake may have been spurious: no error yet, but no peer either.
    if (error == 0 && !address_of(connecting.fd_.get(), ::getpeername)) error = EINPROGRESS;
  }
  if (error != 0) throw_os_error(error, "Connect call failed " + peer.str());
  co_return std::move(connecting);
}

socket socket::bind(const address& local, bool reuse_address, bool reuse_port) {
  rt::unique_fd fd = make_stream_socket(local.family());
  if (reuse_address) set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (reuse_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  // IPv4 has a socket of its own.
  if (local.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  bind_to(fd.get(), local);
  return socket(this_reactor(), std::move(fd));
}

void socket::listen(int backlog) {
  const std::lock_guard lock(lock_of(reading));
  if (::listen(fd_.get(), backlog) != 0) throw_os_error(errno);
}

attempt socket::try_receive(std::span<char> into) noexcept {
  const std::lock_guard lock(lock_of(reading));
  return try_receive_locked(into);
}

attempt socket::try_send(std::string_view data) noexcept {
  const std::lock_guard lock(lock_of(writing));
  return try_send_locked(data);
}

socket::accepted socket::try_accept() noexcept {
  const std::lock_guard lock(lock_of(reading));
  for (;;) {
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    auto* const out = reinterpret_cast<sockaddr*>(&raw);
    const int fd = ::accept4(fd_.get(), out, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) return {rt::unique_fd(fd), address::from(out, size), 0};
    if (errno != EINTR && !died_in_the_queue(errno)) return {rt::unique_fd(), {}, errno};
  }
}

Coro<std::size_t> socket::receive(std::span<char> into) {
  co_await rt::turn_point();
  for (;;) {
    const attempt a = try_receive(into);
    if (a.error == 0) co_return a.bytes;
    if (!a.must_wait()) throw_os_error(a.error);
    co_await ready(reading);
  }
}

Coro<std::size_t> socket::send(std::string_view data) {
  co_await rt::turn_point();
  for (;;) {
    const attempt a = try_send(data);
    if (a.error == 0) co_return a.bytes;
    if (!a.must_wait()) throw_os_error(a.error);
    co_await ready(writing);
  }
}

void socket::shutdown_write_locked() noexcept {
  if (fd_) ::shutdown(fd_.get(), SHUT_WR);
}

void socket::discard_received(std::size_t bytes) noexcept {
  const std::lock_guard lock(lock_of(reading));
  if (fd_) ::recv(fd_.get(), nullptr, bytes, MSG_TRUNC | MSG_DONTWAIT);
}

rt::runnable_list socket::take_down() noexcept {
  const std::lock_guard lock(lock_of(writing));
  return take_down_locked();
}

rt::runnable_list socket::take_down_locked() noexcept {
  const std::lock_guard lock(lock_of(reading));
  rt::runnable_list waiting;
  if (!fd_) return waiting;
  {
    const std::lock_guard alive(lease_->mutex);
    if (lease_->io) waiting = lease_->io->detach(descriptor_);
  }
  fd_.reset();
  return waiting;
}

void socket::close() noexcept {
  rt::runnable_list waiting = take_down();
  while (rt::runnable* op = waiting.pop_front()) op->run();
}

address socket::local_address() noexcept {
  const std::lock_guard lock(lock_of(reading));
  return fd_ ? address_of(fd_.get(), ::getsockname) : address();
}

bool socket::ready_wait::commit(rt::task_base&) noexcept { return socket_.submit_for_task(direction_, *this); }

bool socket::ready_wait::cancel(rt::task_base& self) noexcept {
  if (!socket_.cancel_for_task(direction_, *this)) return false;
  cancelled_ = true;
  wake(self);
  return true;
}

void socket::ready_wait::await_resume() {
  finish_resume();
  if (cancelled_) throw CancelledError(task_->cancel_message());
}

void socket::ready_wait::run() noexcept { wake(*task_); }

}  // namespace hocket::net
