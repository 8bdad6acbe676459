// The program `hocket` as its users call it: exit statuses, error lines, signals.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/support.hpp"

namespace {

const std::string program = std::string(HOCKET_BINARY_DIR) + "/bin/hocket";

std::string contents(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// `hocket ARGUMENTS...` with its output in files. The signals are as a terminal gives them, whatever the test was
// started from.
class running {
 public:
  explicit running(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program);
    std::vector<char*> argv;
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    const std::string out = folder_.path() / "out", err = folder_.path() / "err";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing outlives a test that crashes
      ::signal(SIGINT, SIG_DFL);
      ::dup2(::open(out.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600), STDOUT_FILENO);
      ::dup2(::open(err.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600), STDERR_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  std::string out() const { return contents(folder_.path() / "out"); }
  std::string err() const { return contents(folder_.path() / "err"); }
  void signal(int number) const { ::kill(pid_, number); }

  /// Waits until the program has said what is to be done at signal `number`; before that it would just end.
  void wait_until_it_catches(int number) const {
    hocket::support::eventually([&] { return caught_signals() >> (number - 1) & 1; });
  }

  /// The URL that a server prints, without the slash.
  std::string url() const {
    hocket::support::eventually([&] { return out().find("/\n") != std::string::npos; });
    const std::string text = out();
    const std::size_t start = text.find("http://");
    return start == std::string::npos ? "" : text.substr(start, text.find("/\n") - start);
  }

  /// Waits for its end and gives the exit status; -N when signal N ended it, -1000 when it did not end.
  int status() {
    int raw = 0;
    if (!hocket::support::eventually([&] { return ::waitpid(pid_, &raw, WNOHANG) == pid_; }, std::chrono::seconds(60)))
      return -1000;
    pid_ = -1;
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : -WTERMSIG(raw);
  }

 private:
  std::uint64_t caught_signals() const {
    const std::string status = contents("/proc/" + std::to_string(pid_) + "/status"), line = "SigCgt:";
    const std::size_t at = status.find(line);
    return at == std::string::npos ? 0 : std::stoull(status.substr(at + line.size()), nullptr, 16);
  }

  hocket::support::temp_folder folder_;
  pid_t pid_ = -1;
};

/// Waits until a client is connected to the server behind `url`, which is on this machine.
void wait_for_a_client_of(const std::string& url) {
  char port[16];
  std::snprintf(port, sizeof port, ":%04X", std::stoi(url.substr(url.rfind(':') + 1)));
  EXPECT_TRUE(hocket::support::eventually([&] {
    std::ifstream sockets("/proc/net/tcp");
    for (std::string line; std::getline(sockets, line);) {
      std::string slot, local, remote, state;
      std::istringstream(line) >> slot >> local >> remote >> state;
      if (local.ends_with(port) && state == "01") return true;  // TCP_ESTABLISHED
    }
    return false;
  }));
}

}  // namespace

TEST(command_line, help_and_version) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--help"},
                                                {"serve", "--help"},
                                                {"load", "--help"},
                                                {"demo", "--help"},
                                                {"info", "--help"},
                                                {"env", "--help"},
                                                {"--version"}}) {
    running r(words);
    EXPECT_EQ(r.status(), 0);
    EXPECT_NE(r.out(), "");
    EXPECT_EQ(r.err(), "");
  }
}

TEST(command_line, bad_arguments_are_named_and_end_with_status_2) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"nope"}, "unknown command 'nope'"},
      {{"load"}, "--url is required"},
      {{"load", "--url", "ftp://x/"}, "bad URL 'ftp://x/'"},
      {{"load", "--url", "http://h/", "--rate", "-1"}, "'-1' is not a rate"},
      {{"load", "--url", "http://h/", "--rate", "nan"}, "'nan' is not a rate"},
      {{"load", "--url", "http://h/", "--duration", "0"}, "'0' is not a number of seconds"},
      {{"load", "--url", "http://h/", "--duration", "inf"}, "'inf' is not a number of seconds"},
      {{"load", "--url", "http://h/", "--connections", "0"}, "--connections"},
      {{"load", "--url", "http://h/", "--header", "x"}, "'x' is not a header"},
      {{"serve", "--port", "65536"}, "--port"},
      {{"serve", "--port", "x"}, "--port"},
      {{"serve", "--workers", "0"}, "--workers"},
      {{"demo", "--cpu", "x"}, "--cpu"},
      {{"demo", "--seconds", "-3"}, "'-3' is not a number of seconds"},
      {{"info", "extra"}, "extra"},
  };
  for (const auto& [words, wanted] : cases) {
    running r(words);
    EXPECT_EQ(r.status(), 2);
    EXPECT_NE(r.err().find(wanted), std::string::npos) << r.err();
    EXPECT_EQ(r.out(), "");
  }
  running nothing({});
  EXPECT_EQ(nothing.status(), 2);
  EXPECT_NE(nothing.err().find("Usage: hocket"), std::string::npos);
}

TEST(command_line, info_and_env_say_what_holds) {
  running info({"info", "--json"});
  EXPECT_EQ(info.status(), 0);
  EXPECT_TRUE(nlohmann::json::parse(info.out()).contains("cpus"));
  running env({"env"});
  EXPECT_EQ(env.status(), 0);
  EXPECT_NE(env.out().find("HOCKET_WORKERS"), std::string::npos);
}

TEST(command_line, a_server_ends_by_sigint_with_130_and_by_sigterm_with_0) {
  for (const auto& [number, wanted] : {std::pair{SIGINT, 130}, {SIGTERM, 0}}) {
    running server({"serve", "--port", "0", "--workers", "2"});
    ASSERT_NE(server.url(), "") << server.err();
    server.signal(number);
    EXPECT_EQ(server.status(), wanted);
    EXPECT_NE(server.out().find("stopped after"), std::string::npos) << server.out();
    EXPECT_EQ(server.err(), "");
  }
}

TEST(command_line, a_port_in_use_and_an_unknown_host_are_one_line_and_status_1) {
  running first({"serve", "--port", "0", "--workers", "1"});
  const std::string url = first.url();
  ASSERT_NE(url, "");
  running second({"serve", "--port", url.substr(url.rfind(':') + 1)});
  EXPECT_EQ(second.status(), 1);
  EXPECT_NE(second.err().find("address already in use"), std::string::npos) << second.err();
  const std::string said = second.err();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;

  running lost({"serve", "--host", "no-such-host.invalid", "--port", "0"});
  EXPECT_EQ(lost.status(), 1);
  EXPECT_NE(lost.err().find("no-such-host.invalid"), std::string::npos) << lost.err();

  running nobody({"load", "--url", "http://127.0.0.1:1/"});
  EXPECT_EQ(nobody.status(), 1);
  EXPECT_NE(nobody.err().find("Connection refused"), std::string::npos) << nobody.err();
}

TEST(command_line, a_server_interrupted_in_mid_load_ends_and_the_load_says_so) {
  running server({"serve", "--port", "0", "--workers", "2"});
  const std::string url = server.url();
  ASSERT_NE(url, "");
  running load(
      {"load", "--url", url + "/hash?ms=2", "--connections", "8", "--duration", "3", "--warmup", "0", "--json", "-"});
  wait_for_a_client_of(url);
  ::usleep(500'000);
  server.signal(SIGINT);
  EXPECT_EQ(server.status(), 130);
  EXPECT_EQ(load.status(), 0) << load.err();
  const auto result = nlohmann::json::parse(load.out());
  EXPECT_GT(result.at("answered").get<int>(), 0);
  EXPECT_GT(result.at("failed").get<int>(), 0);
}

TEST(command_line, load_ends_by_sigint_with_130_and_reports) {
  running server({"serve", "--port", "0", "--workers", "2"});
  const std::string url = server.url();
  ASSERT_NE(url, "");
  running load({"load", "--url", url + "/", "--duration", "600", "--warmup", "0", "--connections", "2"});
  wait_for_a_client_of(url);
  load.signal(SIGINT);
  EXPECT_EQ(load.status(), 130);
  EXPECT_NE(load.out().find("answered"), std::string::npos);
}

TEST(command_line, the_demo_fills_both_phases_and_leaves_no_server_behind) {
  const hocket::support::temp_folder folder;
  const std::string file = folder.path() / "demo.json";
  running demo({"demo", "--seconds", "0.5", "--rate", "200", "--connections", "4", "--workers", "2", "--json", file});
  EXPECT_EQ(demo.status(), 0) << demo.err();
  EXPECT_NE(demo.out().find("light alone"), std::string::npos);
  const auto result = nlohmann::json::parse(contents(file));
  ASSERT_EQ(result.at("phases").size(), 2u);
  EXPECT_FALSE(result.at("phases")[0].contains("cpu"));
  EXPECT_GT(result.at("phases")[0].at("light").at("answered").get<int>(), 0);
  EXPECT_GT(result.at("phases")[1].at("light").at("answered").get<int>(), 0);
  EXPECT_GT(result.at("phases")[1].at("cpu").at("answered").get<int>(), 0);

  running interrupted({"demo", "--seconds", "60"});
  interrupted.wait_until_it_catches(SIGINT);
  ::usleep(1'500'000);  // its server is up, most likely
  interrupted.signal(SIGINT);
  EXPECT_EQ(interrupted.status(), 130);
}
