// echo by libuv: one loop, a read callback and a write for each message.
#include <uv.h>

#include <utility>

#include "common/server.hpp"

namespace {

struct connection {
  uv_tcp_t handle;
  char bytes[4096];
};

void close_it(uv_stream_t* s) {
  uv_close(reinterpret_cast<uv_handle_t*>(s), [](uv_handle_t* h) { delete static_cast<connection*>(h->data); });
}

void give_room(uv_handle_t* h, std::size_t, uv_buf_t* room) {
  auto& c = *static_cast<connection*>(h->data);
  *room = uv_buf_init(c.bytes, sizeof c.bytes);
}

void on_read(uv_stream_t* s, ssize_t got, const uv_buf_t* room) {
  if (got < 0) return close_it(s);
  // What the kernel does not take at once ends the connection: the messages are small.
  const uv_buf_t answer = uv_buf_init(room->base, static_cast<unsigned>(got));
  if (got > 0 && uv_try_write(s, &answer, 1) != got) close_it(s);
}

void on_connection(uv_stream_t* listener, int) {
  auto* const c = new connection;
  uv_tcp_init(listener->loop, &c->handle);
  c->handle.data = c;
  auto* const stream = reinterpret_cast<uv_stream_t*>(&c->handle);
  if (uv_accept(listener, stream) != 0) return close_it(stream);
  uv_tcp_nodelay(&c->handle, 1);
  uv_read_start(stream, give_room, on_read);
}

}  // namespace

int main(int argc, char** argv) {
  bench::parse(argc, argv, 1);
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t listener;
  uv_tcp_init(loop, &listener);
  uv_tcp_open(&listener, bench::listen_and_announce());
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 1024, on_connection) != 0) bench::give_up("uv_listen");
  uv_run(loop, UV_RUN_DEFAULT);
}
