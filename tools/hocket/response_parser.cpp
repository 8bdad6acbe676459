#include "response_parser.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace hocket::tools {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (same_word(trimmed(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

bool whole_number(std::string_view text, int base, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

response_parser::outcome response_parser::feed(std::string_view& input) {
  while (!input.empty() && !error_) {
    started_ = true;
    switch (place_) {
      case place::status_line:
        if (!take_line(input, line_)) break;
        on_status_line();
        break;
      case place::header:
        if (!take_line(input, line_)) break;
        if (line_.empty()) {
          if (on_headers_end()) return error_ ? outcome::bad : outcome::complete;
        } else {
          on_header();
        }
        line_.clear();
        break;
      case place::body:
      case place::chunk_data: {
        const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
        input.remove_prefix(taken);
        left_ -= taken;
        body_bytes_ += taken;
        if (left_ > 0) break;
        if (place_ == place::body) return outcome::complete;
        place_ = place::chunk_end;
        break;
      }
      case place::chunk_size:
        if (!take_line(input, line_)) break;
        if (!whole_number(trimmed(std::string_view(line_).substr(0, line_.find(';'))), 16, left_))
          fail("bad chunk size");
        place_ = left_ ? place::chunk_data : place::trailer;
        line_.clear();
        break;
      case place::chunk_end:
        if (!take_line(input, line_)) break;
        if (!line_.empty()) fail("bytes after a chunk");
        place_ = place::chunk_size;
        line_.clear();
        break;
      case place::trailer: {
        if (!take_line(input, line_)) break;
        const bool last = line_.empty();
        line_.clear();
        if (last) return outcome::complete;
        if (++header_count_ > 1000) fail("more than 1000 header lines");
        break;
      }
      case place::until_close:
        body_bytes_ += input.size();
        input.remove_prefix(input.size());
        break;
    }
  }
  return error_ ? outcome::bad : outcome::need_more;
}

bool response_parser::finish() noexcept { return place_ == place::until_close && !error_; }

void response_parser::reset() {
  const bool head = head_request_;
  std::string line = std::move(line_);
  line.clear();
  *this = response_parser();
  line_ = std::move(line);
  head_request_ = head;
}

bool response_parser::take_line(std::string_view& input, std::string& line) {
  const std::size_t end = input.find('\n');
  const std::size_t taken = std::min(end, input.size());
  if (line.size() + taken > longest_line) {
    fail("a line longer than 64 KiB");
    return false;
  }
  line.append(input.substr(0, taken));
  input.remove_prefix(end == std::string_view::npos ? taken : taken + 1);
  if (end == std::string_view::npos) return false;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

void response_parser::on_status_line() {
  const std::string_view line = line_;
  std::uint64_t status = 0;
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ' ||
      !whole_number(line.substr(9, 3), 10, status) || (line.size() > 12 && line[12] != ' ')) {
    fail("not an HTTP/1.x response");
    return;
  }
  status_ = static_cast<int>(status);
  keep_alive_ = line[7] != '0';
  place_ = place::header;
  line_.clear();
}

void response_parser::on_header() {
  if (++header_count_ > 1000) return fail("more than 1000 header lines");
  const std::string_view line = line_;
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return fail("a header line without a name");
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (same_word(name, "content-length")) {
    if (!whole_number(value, 10, left_)) return fail("bad Content-Length");
    has_length_ = true;
  } else if (same_word(name, "transfer-encoding")) {
    chunked_ = has_token(value, "chunked");
  } else if (same_word(name, "connection")) {
    if (has_token(value, "close")) keep_alive_ = false;
    if (has_token(value, "keep-alive")) keep_alive_ = true;
  }
}

bool response_parser::on_headers_end() {
  if (status_ < 200) {  // an interim answer, as 100 Continue: the real one follows
    reset();
    started_ = true;
    return false;
  }
  if (head_request_ || status_ == 204 || status_ == 304) return true;
  if (chunked_) {
    place_ = place::chunk_size;
    return false;
  }
  if (has_length_) {
    place_ = place::body;
    return left_ == 0;
  }
  place_ = place::until_close;
  keep_alive_ = false;
  return false;
}

}  // namespace hocket::tools
