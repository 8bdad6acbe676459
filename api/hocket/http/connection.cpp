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

// One coroutine for all of a connection's life: a request costs no frame but the handler's.
Coro<> connection::run() {
  std::size_t left = 0;  // bytes of a request that is not complete yet
  for (;;) {
    // What has come stays where it is until the next wait, for nobody else reads: the handlers' requests are taken from
    // it.
    std::string_view input = reader_.buffered();
    const std::size_t before = input.size();
    request_parser::state state = parser_.feed(input);
    while (state == request_parser::state::complete) {
      entry_.requests.add();
      const std::size_t answered = out_.size();
      std::exception_ptr failed;
      try {
        append_answer(co_await core_.handler(parser_.request()).in_place());
      } catch (...) {
        failed = std::current_exception();
      }
      if (failed) {
        out_.resize(answered);  // what was begun of an answer must not go out
        append_failure(std::move(failed));
      }
      if (!keep_) break;
      parser_.next();
      head_deadline_ = body_deadline_ = 0;
      first_ = told_to_go_on_ = false;
      if (out_.size() >= batch_bytes) break;
      state = parser_.feed(input);  // the next request may be here already
    }
    reader_.consume(before - input.size());
    left = input.size();
    if (state == request_parser::state::failed) {
      co_await refuse();
      co_return;
    }
    if (state != request_parser::state::complete && parser_.expects_continue() && !told_to_go_on_) {
      told_to_go_on_ = true;
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (!out_.empty()) {
      hand_over();
      stream::drain_wait room = entry_.writer.drain();
      if (room.is_needed()) {
        entry_.limit.begin(rt::steady_now() + core_.write_time, waiting_for::room);
        co_await room;
        if (!entry_.limit.end()) co_return;  // the client was too slow to take it
      }
    }
    if (!keep_) co_return;
    if (state == request_parser::state::complete) continue;
    if (!begin_wait()) co_return;
    co_await reader_.arrival(left + 1);
    const bool in_time = entry_.limit.end();
    if (!in_time || reader_.buffered().size() == left) co_return;
  }
}

/// Appends the handler's answer to the batch. Throws ValueError when there is something wrong with it.
void connection::append_answer(const Response& response) {
  keep_ = !response.close && may_keep();
  append_response(out_, response, context());
}

/// Appends what stands for the answer that failed, and reports it.
void connection::append_failure(std::exception_ptr failed) {
  if (kind_of(failed) != error_kind::ordinary) std::rethrow_exception(failed);
  const Request& request = parser_.request();
  keep_ = keep_ && may_keep();
  entry_.handler_errors.add();
  report_problem("Unhandled exception in HTTP handler",
                 std::string(request.method()) + " " + std::string(request.path()), failed);
  append_response(out_, Response(500, "the server failed to answer\n"), context());
}

bool connection::may_keep() const noexcept { return parser_.request().keep_alive() && !core_.is_closing(); }

ResponseContext connection::context() const noexcept {
  const Request& request = parser_.request();
  return {.head_request = request.method() == "HEAD", .http_1_0 = request.is_http_1_0(), .keep_alive = keep_};
}

/// Gives the batch to the stream.
void connection::hand_over() {
  entry_.writer.write(out_);
  out_.clear();
  if (out_.capacity() > kept_capacity) std::string().swap(out_);
}

/// Before it waits for bytes. False: there is nothing to wait for any more.
bool connection::begin_wait() {
  const bool begun = parser_.started();
  entry_.limit.begin(deadline(rt::steady_now()), begun ? waiting_for::rest_of_request : waiting_for::request);
  // Crossing with close() either may miss the other: then the next sweep ends this wait.
  return begun || !core_.is_closing();
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
