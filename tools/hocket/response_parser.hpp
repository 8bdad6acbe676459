// Reads HTTP/1.x responses from a byte stream, as far as a load generator needs: the status, where the body ends,
// whether the connection lives on. Bodies are counted and dropped. It does not share code with the server that it
// measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hocket::tools {

class response_parser {
 public:
  enum class outcome {
    need_more,  // all bytes taken, the response is not complete
    complete,   // one response is complete; the bytes after it are not taken
    bad,        // not HTTP: see error()
  };

  /// The next response answers a HEAD request: it has no body, whatever its headers say.
  void expect_head(bool yes) noexcept { head_request_ = yes; }

  /// Takes bytes from the front of `input` and removes them from it, up to the end of one response.
  outcome feed(std::string_view& input);

  /// The peer closed. True when that completes a response whose body ends with the connection.
  bool finish() noexcept;

  /// After `complete`: makes ready for the next response.
  void reset();

  int status() const noexcept { return status_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  /// A byte of the current response has come.
  bool started() const noexcept { return started_; }
  const char* error() const noexcept { return error_; }

 private:
  enum class place { status_line, header, body, chunk_size, chunk_data, chunk_end, trailer, until_close };

  bool take_line(std::string_view& input, std::string& line);  // false: no whole line yet, or too long (error_ is set)
  void on_status_line();
  void on_header();
  bool on_headers_end();  // true: the response is complete
  void fail(const char* why) noexcept { error_ = why; }

  static constexpr std::size_t longest_line = 64 * 1024;

  place place_ = place::status_line;
  std::string line_;
  bool started_ = false;
  bool head_request_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool has_length_ = false;
  int status_ = 0;
  unsigned header_count_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t body_bytes_ = 0;
  const char* error_ = nullptr;
};

}  // namespace hocket::tools
