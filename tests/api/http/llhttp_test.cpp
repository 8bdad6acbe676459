// The parser beside llhttp: what it takes, llhttp takes, and reads as the same.
#include <gtest/gtest.h>
#include <llhttp.h>

#include <hocket/http/request_parser.hpp>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace hocket::http_tests {
namespace {

/// What decides how a message goes on, and what a handler sees of its head.
struct head {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> fields;
  bool keep_alive = false;
  bool has_body = false;

  friend bool operator==(const head&, const head&) = default;
  friend void PrintTo(const head& h, std::ostream* out) {
    *out << h.method << " " << testing::PrintToString(h.target) << " " << testing::PrintToString(h.fields)
         << (h.keep_alive ? " keep" : " close") << (h.has_body ? " body" : "");
  }
};

std::optional<head> head_in(const http::request_parser& parser) {
  using state = http::request_parser::state;
  if (parser.now() != state::complete && parser.now() != state::body) return std::nullopt;
  const http::Request& r = parser.request();
  head h{std::string(r.method()), std::string(r.target()), {}, r.keep_alive(), parser.now() == state::body};
  for (const auto& f : r.headers()) h.fields.emplace_back(f.name, f.value);
  return h;
}

std::optional<head> read_by_us(const std::string& stream) {
  // Byte by byte, so that it stops where the head ends; and what it took at once, which goes another way.
  http::request_parser parser{http::Limits()}, at_once{http::Limits()};
  std::size_t taken = 0;
  for (; taken < stream.size() && parser.now() == http::request_parser::state::head; ++taken) {
    std::string_view input(&stream[taken], 1);
    parser.feed(input);
  }
  std::string_view all = std::string_view(stream).substr(0, taken);
  at_once.feed(all);
  EXPECT_EQ(at_once.now(), parser.now()) << testing::PrintToString(stream);
  EXPECT_EQ(head_in(at_once), head_in(parser)) << testing::PrintToString(stream);
  return head_in(parser);
}

struct reading {
  head h;
  bool name_open = false;
  static reading& of(llhttp_t* m) { return *static_cast<reading*>(m->data); }
};

std::optional<head> read_by_llhttp(const std::string& stream) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_method = [](llhttp_t* m, const char* at, std::size_t n) {
    reading::of(m).h.method.append(at, n);
    return 0;
  };
  settings.on_url = [](llhttp_t* m, const char* at, std::size_t n) {
    reading::of(m).h.target.append(at, n);
    return 0;
  };
  settings.on_header_field = [](llhttp_t* m, const char* at, std::size_t n) {
    reading& r = reading::of(m);
    if (!std::exchange(r.name_open, true)) r.h.fields.emplace_back();
    r.h.fields.back().first.append(at, n);
    return 0;
  };
  settings.on_header_value = [](llhttp_t* m, const char* at, std::size_t n) {
    reading::of(m).name_open = false;
    reading::of(m).h.fields.back().second.append(at, n);
    return 0;
  };
  settings.on_header_value_complete = [](llhttp_t* m) {
    reading::of(m).name_open = false;
    return 0;
  };
  settings.on_headers_complete = [](llhttp_t* m) {
    head& h = reading::of(m).h;
    h.keep_alive = llhttp_should_keep_alive(m) != 0;
    h.has_body = (m->flags & F_CHUNKED) != 0 || m->content_length > 0;
    return static_cast<int>(HPE_PAUSED);
  };
  llhttp_t machine;
  llhttp_init(&machine, HTTP_REQUEST, &settings);
  reading r;
  machine.data = &r;
  if (llhttp_execute(&machine, stream.data(), stream.size()) != HPE_PAUSED) return std::nullopt;
  for (auto& f : r.h.fields) f.second.erase(f.second.find_last_not_of(" \t") + 1);
  return r.h;
}

const std::vector<std::string> heads = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a/b;c?d=%20&e=[f]?g HTTP/1.1\r\nHost: a:80\r\nAccept: */*, x;q=0.1\r\nConnection: keep-alive, close\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n",
    "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Empty:\r\nX-Tabs:\t a\tb \r\n\r\n",
    "HEAD http://host.example:8080/path?q HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "M-SEARCH /~!$'(),-._:@|{}\"<>`^\\ HTTP/1.1\r\nHost: a\r\nX: !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\xc3\xa4\r\n\r\n",
};

}  // namespace

TEST(request_parser_beside_llhttp, reads_good_heads_alike) {
  for (const std::string& stream : heads) {
    ASSERT_TRUE(read_by_us(stream)) << stream;
    EXPECT_EQ(read_by_us(stream), read_by_llhttp(stream)) << stream;
  }
}

TEST(request_parser_beside_llhttp, takes_nothing_that_llhttp_refuses_or_reads_otherwise) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string alphabet = std::string(" \r\n:,/#?%@*;=.-_\"\\\x7f\x80\xff\x01") + '\0' + "AaZz019HTPhost";
  int taken = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string stream = heads[random() % heads.size()];
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % stream.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 4) {
        case 0:
          stream[at] = c;
          break;
        case 1:
          stream.insert(at, 1, c);
          break;
        case 2:
          stream.erase(at, 1);
          break;
        case 3:  // a piece of it once more
          stream.insert(at, stream.substr(random() % stream.size(), random() % 24));
          break;
      }
    }
    const auto ours = read_by_us(stream);
    if (!ours) continue;
    ++taken;
    auto theirs = read_by_llhttp(stream);
    // Here "close" wins also in HTTP/1.0, and a tab ends an option as a blank does.
    if (theirs && (!ours->keep_alive || stream.find('\t') != stream.npos)) theirs->keep_alive = ours->keep_alive;
    ASSERT_EQ(ours, theirs) << testing::PrintToString(stream);
  }
  EXPECT_GT(taken, 1000);  // or this said nothing
}

}  // namespace hocket::http_tests
