#include <exception>
#include <hocket/http/connection.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/loop/loop_state.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t batch_bytes = 64 * 1024;    // answers are handed over when so much has gathered
constexpr std::size_t kept_capacity = 16 * 1024;  // of the buffer for answers, between batches
constexpr rt::nanos linger_time = rt::nanos_per_second;
constexpr std::size_t linger_bytes = 1024 * 1024;

}  // namespace

Coro<> connection::run() {
  for (;;) {
    const request_parser::state state = take_input();
    if (state == request_parser::state::complete) {
      co_await answer();
      if (keep_) parser_.next();
      head_deadline_ = body_deadline_ = 0;
      first_ = told_to_go_on_ = false;
      if (keep_ && out_.size() < batch_bytes) continue;  // the next request may be here already
    } else if (state == request_parser::state::failed) {
      co_await refuse();
      co_return;
    } else if (parser_.expects_continue() && !told_to_go_on_) {
      told_to_go_on_ = true;
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (!out_.empty()) {
      const bool sent = co_await send();
      if (!sent) co_return;
    }
    if (!keep_) co_return;
    if (state == request_parser::state::complete) continue;
    const bool came = co_await wait_for_bytes();
    if (!came) co_return;
  }
}

/// Gives the parser what has come, up to the end of one request.
request_parser::state connection::take_input() {
  std::string_view input = reader_.buffered();
  const std::size_t before = input.size();
  const request_parser::state state = parser_.feed(input);
  reader_.consume(before - input.size());
  return state;
}

/// Appends the handler's answer to the batch.
Coro<> connection::answer() {
  const Request& request = parser_.request();
  entry_.requests.add();
  std::exception_ptr failed;
  Response response;
  try {
    response = co_await core_.handler(request);
  } catch (...) {
    failed = std::current_exception();
  }
  if (failed && (is_cancelled_error(failed) || is_exit_request(failed))) std::rethrow_exception(failed);

  keep_ = request.keep_alive() && !response.close && !core_.is_closing();
  const ResponseContext context{
      .head_request = request.method() == "HEAD", .http_1_0 = request.is_http_1_0(), .keep_alive = keep_};
  if (!failed) {
    try {
      append_response(out_, response, context);
    } catch (...) {
      failed = std::current_exception();
    }
  }
  if (failed) {
    entry_.handler_errors.add();
    report_problem("Unhandled exception in HTTP handler",
                   std::string(request.method()) + " " + std::string(request.path()), failed);
    append_response(out_, Response(500, "the server failed to answer\n"), context);
  }
}

/// Hands the batch to the stream, and waits while the client is slow to take it. False: it was too slow.
Coro<bool> connection::send() {
  entry_.writer.write(out_);
  out_.clear();
  if (out_.capacity() > kept_capacity) std::string().swap(out_);
  entry_.limit.begin(rt::steady_now() + core_.write_time, waiting_for::room);
  co_await entry_.writer.drain();
  co_return entry_.limit.end();
}

/// False: the end has come, or the time was up.
Coro<bool> connection::wait_for_bytes() {
  const bool begun = parser_.started();
  entry_.limit.begin(deadline(rt::steady_now()), begun ? waiting_for::rest_of_request : waiting_for::request);
  // Crossing with close() either may miss the other: then the next sweep ends this wait.
  if (core_.is_closing() && !begun) co_return false;
  const bool came = co_await reader_.fill();
  const bool in_time = entry_.limit.end();
  co_return came&& in_time;
}

rt::nanos connection::deadline(rt::nanos now) {
  if (parser_.now() == request_parser::state::body) {
    if (body_deadline_ == 0) body_deadline_ = now + core_.body_time;
    return body_deadline_;
  }
  if (!parser_.started() && !first_) return now + core_.idle_time;
  if (head_deadline_ == 0) head_deadline_ = now + core_.header_time;
  return head_deadline_;
}

/// Says what is wrong with the request, and takes what the client still sends for a moment: closing on unread bytes
/// would reset the connection, and the client might never see the answer (RFC 9112, 9.6).
Coro<> connection::refuse() {
  core_.count_refused();
  const ResponseContext context{.head_request = false, .http_1_0 = false, .keep_alive = false};
  append_response(out_, Response(parser_.error_status(), std::string(parser_.error_text()) + "\n"), context);
  entry_.writer.write(out_);
  entry_.writer.write_eof();
  reader_.consume(reader_.buffered().size());
  entry_.limit.begin(rt::steady_now() + linger_time, waiting_for::goodbye);
  std::size_t dropped = 0;
  while (dropped < linger_bytes) {
    const bool came = co_await reader_.fill();
    if (!came) break;
    dropped += reader_.buffered().size();
    reader_.consume(reader_.buffered().size());
  }
  entry_.limit.end();
}

}  // namespace hocket::http
