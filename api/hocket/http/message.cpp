#include <algorithm>
#include <array>
#include <charconv>
#include <hocket/http/characters.hpp>
#include <hocket/http/message.hpp>
#include <hocket/loop/exceptions.hpp>

namespace hocket::http {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_field_value(std::string_view text) noexcept {
  const std::size_t clean = first_control(text);
  const auto is_allowed = [](char c) { return c == '\t' || !is_control(c); };
  return clean == text.size() || std::all_of(text.begin() + static_cast<std::ptrdiff_t>(clean), text.end(), is_allowed);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void check(const Response& response) {
  if (response.status < 200 || response.status > 599)
    throw ValueError("response status must be from 200 to 599, not " + std::to_string(response.status));
  if (!is_field_value(response.content_type)) throw ValueError("Content-Type holds a control character");
  for (const auto& [name, value] : response.headers) {
    if (!is_token(name)) throw ValueError("bad response header name");
    if (!is_field_value(value)) throw ValueError("response header " + name + " holds a control character");
    for (const char* ours : {"Content-Length", "Transfer-Encoding", "Connection"}) {
      if (same_name(name, ours)) throw ValueError(std::string("the response header ") + ours + " is set by the server");
    }
  }
}

}  // namespace

std::optional<std::string> Request::query(std::string_view name) const {
  std::string_view rest = query_;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = percent_decoded(pair.substr(0, equals), true);
    if (!key || *key != name) continue;
    return percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
  for (const Header& h : headers_) {
    if (same_name(h.name, name)) return h.value;
  }
  return std::nullopt;
}

std::string_view status_text(int status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

void append_response(std::string& out, const Response& response, const ResponseContext& context) {
  check(response);
  // What nearly every answer begins with is put together here and appended at once.
  std::array<char, 192> begin;
  char* at = begin.data();
  const auto put = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  const auto put_number = [&](std::size_t n) { at = std::to_chars(at, begin.data() + begin.size(), n).ptr; };
  const auto put_in = [&] {
    out.append(begin.data(), static_cast<std::size_t>(at - begin.data()));
    at = begin.data();
  };
  if (response.status == 200) {
    put("HTTP/1.1 200 OK\r\n");
  } else {
    put("HTTP/1.1 ");
    put_number(static_cast<std::size_t>(response.status));
    put(" ");
    put(status_text(response.status));  // at most 31 characters
    put("\r\n");
  }
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) {
    const std::string_view type = response.content_type;
    if (type.size() > 64) {
      put_in();
      append_header(out, "Content-Type", type);
    } else if (!type.empty()) {
      put("Content-Type: ");
      put(type);
      put("\r\n");
    }
    put("Content-Length: ");
    put_number(response.body.size());
    put("\r\n");
  }
  const bool stays = context.keep_alive && !response.close;
  const bool is_plain = stays && !context.http_1_0 && response.headers.empty();
  if (is_plain) put("\r\n");
  put_in();
  if (!is_plain) {
    for (const auto& [name, value] : response.headers) append_header(out, name, value);
    if (!stays) out.append("Connection: close\r\n");
    if (stays && context.http_1_0) out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
  }
  if (!bodiless && !context.head_request) out.append(response.body);
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = text.size() - i > 2 ? hex_digit(text[i + 1]) : -1;
      const int low = text.size() - i > 2 ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

}  // namespace hocket::http
