// What a handler is given and what it gives back: Request and Response.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hocket::http {

/// One header line of a request. The name is as the client wrote it; names are compared without regard to case.
struct Header {
  std::string_view name;
  std::string_view value;  ///< without blanks around it
};

/// A request, complete with its body. It belongs to the connection: a handler may refer to it, and to the views that it
/// gives, until the handler's coroutine ends.
class Request {
 public:
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::string_view method() const noexcept { return method_; }  ///< "GET"
  std::string_view target() const noexcept { return target_; }  ///< as sent: "/fib?n=20"
  std::string_view path() const noexcept { return path_; }      ///< "/fib", not decoded (see percent_decoded)
  std::string_view query() const noexcept { return query_; }    ///< "n=20", not decoded

  /// The decoded value of the first query parameter of this name: "" for "?name" and "?name=". nullopt when there is
  /// none, or when its escapes are malformed.
  std::optional<std::string> query(std::string_view name) const;

  /// The value of the first header of this name, case ignored.
  std::optional<std::string_view> header(std::string_view name) const noexcept;
  const std::vector<Header>& headers() const noexcept { return headers_; }

  std::string_view body() const noexcept { return body_; }
  bool is_http_1_0() const noexcept { return http_1_0_; }
  /// The client allows further requests on this connection.
  bool keep_alive() const noexcept { return keep_alive_; }

 private:
  friend class request_parser;

  std::string head_;  // the bytes that the views refer to, if they are not the connection's; does not move meanwhile
  std::string body_;
  std::string_view method_, target_, path_, query_;
  std::vector<Header> headers_;
  bool http_1_0_ = false;
  bool keep_alive_ = false;
};

/// The media type of an answer's body. Of text in the program it keeps a view, of all else a copy; so the usual one
/// costs nothing. An array of const char is taken for a literal.
class ContentType {
 public:
  template <std::size_t N>
  ContentType(const char (&literal)[N]) noexcept : literal_(literal) {}
  template <std::size_t N>
  ContentType(char (&buffer)[N]) : own_(buffer) {}
  ContentType(std::string text) noexcept : own_(std::move(text)) {}
  template <class Text>
    requires(std::is_convertible_v<const Text&, std::string_view> && !std::is_array_v<Text>)
  ContentType(const Text& text) : own_(std::string_view(text)) {}

  operator std::string_view() const noexcept { return own_.empty() ? literal_ : std::string_view(own_); }

 private:
  std::string_view literal_;
  std::string own_;
};

/// What a handler answers.
class Response {
 public:
  Response() = default;
  explicit Response(std::string text) : body(std::move(text)) {}
  explicit Response(int code, std::string text = {}, ContentType type = "text/plain; charset=utf-8")
      : status(code), body(std::move(text)), content_type(std::move(type)) {}

  /// application/json.
  static Response json(std::string text) { return Response(200, std::move(text), "application/json"); }

  int status = 200;
  std::string body;
  ContentType content_type = "text/plain; charset=utf-8";    ///< empty: no Content-Type
  std::vector<std::pair<std::string, std::string>> headers;  ///< besides Content-Type, Content-Length and Connection
  bool close = false;                                        ///< closes the connection after this answer
};

/// "Not Found" for 404; "Unknown" for a number without a standard text.
std::string_view status_text(int status) noexcept;

/// Appends the answer as HTTP/1.1 bytes. Throws ValueError when the status is not 200 to 599, or when a header's name
/// or value could break out of its line; then nothing was appended.
struct ResponseContext {
  bool head_request = false;  // no body, but its length
  bool http_1_0 = false;
  bool keep_alive = true;
};
void append_response(std::string& out, const Response& response, const ResponseContext& context);

/// "a b" for "a%20b"; with `plus_is_blank` (as in queries) also for "a+b". nullopt for a malformed escape.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank = false);

}  // namespace hocket::http
