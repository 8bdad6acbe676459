// Turns a connection's bytes into requests, strictly: what two servers could read differently is refused.
//
// The head is read here, line by line and each line once. The guard stands first: a line ends in CR LF, holds no other
// CR, LF or control character; so a bare CR or LF never decides where a message ends (request smuggling). Then the
// line's grammar, which is narrower than RFC 9112's and never wider than llhttp's. llhttp, built strict, reads the
// framing of chunked bodies. A line is judged when it is whole, so the answer cannot depend on how the bytes were cut.
// One thread at a time; knows nothing of sockets. After: RFC 9112; CVE-2023-30589 and CVE-2024-27982 (llhttp),
// CVE-2024-22019 (chunk extensions without a limit).
#pragma once

#include <cstdint>
#include <hocket/http/limits.hpp>
#include <hocket/http/message.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

class request_parser {
 public:
  enum class state {
    head,      // waiting for a request line and headers
    body,      // the head is complete and acceptable; waiting for the body
    complete,  // request() may be read
    failed,    // error_status() and error_text() say why; the connection cannot go on
  };

  explicit request_parser(const Limits& limits);
  ~request_parser();
  request_parser(const request_parser&) = delete;
  request_parser& operator=(const request_parser&) = delete;

  /// Takes bytes from the front of `input` and removes them from it, up to the end of one request. Takes nothing when
  /// complete or failed. Once complete, the request may refer to them where they stand, until next().
  state feed(std::string_view& input);

  state now() const noexcept { return state_; }
  /// A byte of the next request has come (a blank line before it does not count).
  bool started() const noexcept { return state_ != state::head || head_size() > 0; }
  /// In state body: the client waits for "100 Continue" before it sends the body.
  bool expects_continue() const noexcept { return state_ == state::body && expects_continue_; }
  const Request& request() const noexcept { return request_; }

  int error_status() const noexcept { return error_status_; }
  std::string_view error_text() const noexcept { return error_text_; }

  /// After complete: makes ready for the next request. The last one's views end here.
  void next();

 private:
  struct chunks;  // llhttp and its callbacks

  // What the header lines say of the message.
  struct head_facts {
    std::size_t hosts = 0;
    std::optional<std::uint64_t> length;
    bool is_chunked = false;
    bool closes = false, keeps = false;  // the connection
  };

  enum class line_result { need_more, line, failed };
  line_result take_line(std::string_view& input, std::string& lines, std::size_t limit, int status_over_limit);
  void append(std::string& lines, std::string_view piece);
  std::size_t head_limit() const noexcept;
  inline std::optional<std::string_view> take_line_in_place(std::string_view& input);
  std::optional<std::string_view> take_line_copied(std::string_view& input);
  std::size_t head_size() const noexcept { return in_place_.size() + request_.head_.size(); }
  void copy_head();
  void move_views(const char* from, const char* to) noexcept;
  void take_head(std::string_view& input);
  void skip_blank_line();
  void take_request_line(std::string_view line);
  void take_field(std::string_view line);
  void take_expectation(std::string_view value);
  void take_connection(std::string_view list);
  void take_length(std::string_view line);
  void take_coding(std::string_view line);
  void end_head();
  void split_target();
  void take_sized_body(std::string_view& input);
  void take_chunks(std::string_view& input);
  void take_trailer(std::string_view& input);
  void fail(int status, std::string_view text);
  void fail_from_chunks();

  const Limits limits_;
  std::unique_ptr<chunks> chunks_;  // made for the first chunked body
  state state_ = state::head;
  Request request_;
  std::string_view in_place_;  // all that was taken of the head and still stands in the input; empty: it was copied
  head_facts head_;
  std::size_t line_start_ = 0;    // of the line being copied, within its block
  std::size_t request_line_ = 0;  // its size with CR LF; 0 while it is not complete
  bool skipped_blank_line_ = false;
  bool in_trailer_ = false;
  bool expects_continue_ = false;
  std::string trailer_;
  std::size_t framing_ = 0;  // bytes of the body's framing: chunk sizes, extensions, line ends
  int error_status_ = 0;
  std::string error_text_;
};

}  // namespace hocket::http
