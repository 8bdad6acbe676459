// The HTTP server, end to end over loopback, through both doors.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <hocket/hocket.hpp>
#include <hocket/http/server.hpp>
#include <hocket/stream/open_connection.hpp>
#include <memory>
#include <string>
#include <vector>

#include "api/stream/doors.hpp"

namespace hocket::http_tests {
namespace {

using http::Request;
using http::Response;

class http_server : public stream_tests::through_each_door {};
INSTANTIATE_TEST_SUITE_P(doors, http_server, stream_tests::all_doors, stream_tests::door_name);

Coro<Response> answer(const Request& request) {
  const std::string path(request.path());
  if (path == "/echo") co_return Response(200, std::string(request.body()), "");
  if (path == "/slow") co_await sleep(0.05);
  if (path == "/hang") co_await sleep(30);
  if (path == "/fail") throw ValueError("asked for");
  if (path == "/foreign") throw 42;
  if (path == "/bad-header") {
    Response r("x");
    r.headers.emplace_back("X", "a\r\nY: b");
    co_return r;
  }
  if (path == "/big") co_return Response(200, std::string(1 << 20, 'b'), "");
  if (path == "/bye") {
    Response r(200, "bye", "");
    r.close = true;
    co_return r;
  }
  co_return Response(200, path, "");
}

std::string ok(const std::string& body, const std::string& extra = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra + "\r\n" + body;
}
std::string get(const std::string& path, const std::string& extra = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: t\r\n" + extra + "\r\n";
}

/// Sends all, says that nothing follows, and gives all that comes back.
Coro<std::string> exchange(int port, std::string bytes) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  writer.write(bytes);
  writer.write_eof();
  std::string all = co_await reader.read();
  writer.close();
  co_return all;
}

/// Gives all that comes until the server closes; the client's side stays open.
Coro<std::string> listen_to(int port, std::string bytes) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  writer.write(bytes);
  std::string all = co_await reader.read();
  writer.close();
  co_return all;
}

std::string status_of(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

Coro<http::Server> start(http::ServerOptions options = {}) { return http::serve(answer, "127.0.0.1", 0, options); }

Coro<> stop(http::Server server) {
  server.close();
  co_await server.wait_closed();
  EXPECT_EQ(server.figures().connections, 0u);
}

TEST_P(http_server, answers_and_keeps_the_connection) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()));
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    for (int i = 0; i < 3; ++i) {
      writer.write(get("/" + std::to_string(i)));
      const std::string wanted = ok("/" + std::to_string(i));
      EXPECT_EQ(co_await reader.readexactly(static_cast<long long>(wanted.size())), wanted);
    }
    writer.close();
    EXPECT_EQ(server.figures().requests, 3u);
    EXPECT_EQ(server.figures().accepted, 1u);
    co_await stop(server);
  }());
}

TEST_P(http_server, answers_pipelined_requests_in_order_however_they_are_cut) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    const std::string requests =
        get("/slow") + get("/a") + "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello" + get("/slow") +
        get("/b") + "HEAD /c HTTP/1.1\r\nHost: t\r\n\r\n" + get("/d", "Connection: close\r\n") + get("/never");
    const std::string wanted = ok("/slow") + ok("/a") + ok("hello") + ok("/slow") + ok("/b") +
                               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + ok("/d", "Connection: close\r\n");
    EXPECT_EQ(co_await exchange(server.port(), requests), wanted);

    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    for (std::size_t at = 0; at < requests.size(); at += 7) {
      writer.write(requests.substr(at, 7));
      co_await sleep(0);
    }
    EXPECT_EQ(co_await reader.read(), wanted);
    writer.close();
    co_await stop(server);
  }());
}

TEST_P(http_server, old_clients_are_closed_unless_they_ask_to_stay) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    EXPECT_EQ(co_await listen_to(server.port(), "GET /x HTTP/1.0\r\n\r\n"), ok("/x", "Connection: close\r\n"));
    EXPECT_EQ(co_await exchange(server.port(), "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              ok("/x", "Connection: keep-alive\r\n"));
    EXPECT_EQ(co_await listen_to(server.port(), get("/bye")), ok("bye", "Connection: close\r\n"));
    co_await stop(server);
  }());
}

TEST_P(http_server, a_client_that_waits_is_told_to_go_on) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    writer.write("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(co_await reader.readuntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    writer.write("ok");
    const std::string wanted = ok("ok");
    EXPECT_EQ(co_await reader.readexactly(static_cast<long long>(wanted.size())), wanted);
    writer.close();

    const std::string too_large =
        "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n";
    EXPECT_EQ(status_of(co_await exchange(server.port(), too_large)), "HTTP/1.1 413 Content Too Large");
    co_await stop(server);
  }());
}

TEST_P(http_server, a_bad_request_is_told_why_after_the_answers_before_it) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    const std::string all = co_await listen_to(server.port(), get("/a") + "nonsense\r\n\r\n" + get("/never"));
    EXPECT_EQ(all, ok("/a") +
                       "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
                       "50\r\nConnection: close\r\n\r\n"
                       "the request line must read METHOD TARGET HTTP/1.1\n");
    EXPECT_EQ(status_of(co_await exchange(server.port(), "GET /" + std::string(9000, 'a'))),
              "HTTP/1.1 414 URI Too Long");
    EXPECT_EQ(status_of(co_await exchange(server.port(), get("/", "X: " + std::string(17'000, 'a') + "\r\n"))),
              "HTTP/1.1 431 Request Header Fields Too Large");
    EXPECT_EQ(
        status_of(co_await exchange(server.port(), "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2000000\r\n\r\n" +
                                                       std::string(300'000, 'x'))),
        "HTTP/1.1 413 Content Too Large");
    EXPECT_EQ(server.figures().refused, 4u);
    EXPECT_EQ(server.figures().requests, 1u);
    co_await stop(server);
  }());
}

TEST_P(http_server, a_handler_that_throws_is_reported_and_answered_500) {
  testing::internal::CaptureStderr();
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    const std::string all =
        co_await exchange(server.port(), get("/fail") + get("/foreign") + get("/bad-header") + get("/after"));
    const std::string failed =
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
        "28\r\n\r\nthe server failed to answer\n";
    EXPECT_EQ(all, failed + failed + failed + ok("/after"));
    EXPECT_EQ(server.figures().handler_errors, 3u);
    co_await stop(server);
  }());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("Unhandled exception in HTTP handler"), std::string::npos) << said;
  EXPECT_NE(said.find("GET /fail"), std::string::npos) << said;
  EXPECT_NE(said.find("ValueError: asked for"), std::string::npos) << said;
}

TEST_P(http_server, slow_clients_are_ended) {
  run_here([]() -> Coro<> {
    http::ServerOptions options;
    options.header_timeout = options.body_timeout = options.idle_timeout = 0.2;
    http::Server server = co_await start(options);
    EXPECT_EQ(co_await listen_to(server.port(), ""), "");               // never a request
    EXPECT_EQ(co_await listen_to(server.port(), get("/a")), ok("/a"));  // idle after one
    EXPECT_EQ(status_of(co_await listen_to(server.port(), "GET / HT")), "HTTP/1.1 408 Request Timeout");
    EXPECT_EQ(
        status_of(co_await listen_to(server.port(), "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc")),
        "HTTP/1.1 408 Request Timeout");
    EXPECT_EQ(server.figures().timeouts, 4u);

    // One byte at a time does not help.
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    for (int i = 0; i < 200 && server.figures().timeouts == 4; ++i) {
      writer.write("G");
      co_await sleep(0.01);
    }
    EXPECT_EQ(server.figures().timeouts, 5u);
    writer.close();

    // A handler may take its time.
    EXPECT_EQ(co_await exchange(server.port(), get("/slow")), ok("/slow"));
    co_await stop(server);
  }());
}

TEST_P(http_server, a_client_that_does_not_read_is_dropped) {
  run_here([]() -> Coro<> {
    http::ServerOptions options;
    options.write_timeout = 0.2;
    http::Server server = co_await start(options);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    std::string requests;
    for (int i = 0; i < 32; ++i) requests += get("/big");
    writer.write(requests);
    for (int i = 0; i < 500 && server.figures().timeouts == 0; ++i) co_await sleep(0.01);
    EXPECT_EQ(server.figures().timeouts, 1u);
    writer.abort();
    co_await stop(server);
  }());
}

TEST_P(http_server, connections_over_the_limit_are_answered_503) {
  run_here([]() -> Coro<> {
    http::ServerOptions options;
    options.max_connections = 2;
    http::Server server = co_await start(options);
    auto [reader1, writer1] = co_await open_connection("127.0.0.1", server.port());
    auto [reader2, writer2] = co_await open_connection("127.0.0.1", server.port());
    writer1.write(get("/1"));
    writer2.write(get("/2"));
    EXPECT_EQ(co_await reader1.readline(), "HTTP/1.1 200 OK\r\n");
    EXPECT_EQ(co_await reader2.readline(), "HTTP/1.1 200 OK\r\n");
    EXPECT_EQ(status_of(co_await listen_to(server.port(), "")), "HTTP/1.1 503 Service Unavailable");
    EXPECT_EQ(server.figures().turned_away, 1u);
    writer1.close();
    for (int i = 0; i < 500 && server.figures().connections == 2; ++i) co_await sleep(0.01);
    EXPECT_EQ(co_await exchange(server.port(), get("/3")), ok("/3"));
    writer2.close();
    co_await stop(server);
  }());
}

TEST_P(http_server, closing_ends_idle_connections_and_lets_the_others_finish) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    auto [idle_reader, idle_writer] = co_await open_connection("127.0.0.1", server.port());
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    idle_writer.write(get("/a"));
    EXPECT_EQ(co_await idle_reader.readexactly(static_cast<long long>(ok("/a").size())), ok("/a"));
    writer.write(get("/slow") + get("/never"));
    while (server.figures().requests < 2) co_await sleep(0.001);
    server.close();
    EXPECT_EQ(co_await idle_reader.read(), "");
    EXPECT_EQ(co_await reader.read(), ok("/slow", "Connection: close\r\n"));
    idle_writer.close();
    writer.close();
    co_await server.wait_closed();
  }());
}

TEST_P(http_server, serving_ends_by_cancellation_with_requests_in_flight) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    Task<> serving = create_task(server.serve_forever(), {.eager_start = true});
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    writer.write(get("/hang"));
    while (server.figures().requests < 1) co_await sleep(0.001);
    serving.cancel();
    bool cancelled = false;
    try {
      co_await serving;
    } catch (const CancelledError&) {
      cancelled = true;
    }
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(co_await reader.read(), "");
    writer.close();
  }());
}

TEST_P(http_server, a_peer_that_resets_disturbs_nobody) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    for (int i = 0; i < 20; ++i) {
      auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
      writer.write(get("/slow") + get("/a") + "GET / HT");
      if (i % 2) co_await sleep(0.01);
      writer.abort();
    }
    EXPECT_EQ(co_await exchange(server.port(), get("/still-here")), ok("/still-here"));
    co_await stop(server);
  }());
}

Coro<> client(int port, int requests, int id) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  for (int i = 0; i < requests; ++i) {
    const std::string path = "/" + std::to_string(id) + "/" + std::to_string(i);
    writer.write(get(path) + get(path + "x"));
    const std::string wanted = ok(path) + ok(path + "x");
    const std::string got = co_await reader.readexactly(static_cast<long long>(wanted.size()));
    EXPECT_EQ(got, wanted);
    if (got != wanted) break;
  }
  writer.close();
}

TEST_P(http_server, many_clients_each_get_their_own_answers) {
  run_here([]() -> Coro<> {
    http::Server server = co_await start();
    std::vector<Coro<>> clients;
    for (int id = 0; id < 32; ++id) clients.push_back(client(server.port(), 50, id));
    co_await gather(std::move(clients));
    EXPECT_EQ(server.figures().requests, 32u * 50 * 2);
    co_await stop(server);
  }());
}

Coro<std::string> refusal(http::Handler handler, http::ServerOptions options, int port = 0) {
  try {
    co_await http::serve(std::move(handler), "127.0.0.1", port, options);
  } catch (const Exception& e) {
    co_return e.what();
  }
  co_return "";
}

TEST_P(http_server, options_that_make_no_sense_are_refused) {
  run_here([]() -> Coro<> {
    http::ServerOptions options;
    options.idle_timeout = 0;
    EXPECT_EQ(co_await refusal(answer, options), "idle_timeout must be above 0 and below 1e9 seconds");
    options = {};
    options.max_connections = 0;
    EXPECT_EQ(co_await refusal(answer, options), "max_connections must be above 0");
    EXPECT_EQ(co_await refusal(nullptr, {}), "a handler is needed");
    http::Server server = co_await start();
    EXPECT_NE(co_await refusal(answer, {}, server.port()), "");
    co_await stop(server);
  }());
}

}  // namespace
}  // namespace hocket::http_tests
