// The program `hocket`: reads the command line and calls one command.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string_view>

#include "commands.hpp"

namespace {

using namespace hocket::tools;

constexpr const char* about =
    "hocket: coroutines on one pool of workers, with the names that asyncio gives.\n"
    "A server to try it with, a load generator to measure it, and what it sees of this machine.";

constexpr const char* examples =
    "Examples:\n"
    "  hocket serve --port 8080                     then open http://127.0.0.1:8080/\n"
    "  hocket load --url http://127.0.0.1:8080/ --rate 2000 --duration 10\n"
    "  hocket load --url 'http://127.0.0.1:8080/hash?ms=5' --connections 4\n"
    "  hocket demo                                  both of them, and a table\n"
    "  HOCKET_WORKERS=2 hocket info\n"
    "\n"
    "Exit status: 0 success, 1 a failure that was reported, 2 a bad command line, 130 ended by Ctrl-C.";

// A number of seconds: above `low`, at most a day. CLI::Range accepts "nan".
CLI::Validator seconds_above(double low) {
  return CLI::Validator(
      [low](std::string& text) -> std::string {
        double value = 0;
        if (!CLI::detail::lexical_cast(text, value) || !(value >= low && value <= 86'400))
          return "'" + text + "' is not a number of seconds from " + CLI::detail::to_string(low) + " to 86400";
        return {};
      },
      "SECONDS");
}

CLI::Validator per_second() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        double value = 0;
        if (!CLI::detail::lexical_cast(text, value) || !(value == 0 || (value >= 0.001 && value <= 10'000'000)))
          return "'" + text + "' is not a rate: 0, or 0.001 to 10000000 per second";
        return {};
      },
      "RATE");
}

CLI::Validator header_line() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const auto colon = text.find(':');
        if (colon == 0 || colon == std::string::npos || text.find_first_of("\r\n") != std::string::npos)
          return "'" + text + "' is not a header of the form 'Name: value'";
        return {};
      },
      "HEADER");
}

CLI::Validator http_url() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        try {
          parse_url(text);
          return {};
        } catch (const std::exception& e) {
          return e.what();
        }
      },
      "URL");
}

void add_serve(CLI::App& app, serve_command& c) {
  auto* sub =
      app.add_subcommand("serve", "An HTTP/1.1 server whose sockets, timers and CPU work share one pool of workers");
  sub->add_option("--port", c.port, "Port to listen on; 0 takes a free one and prints it")
      ->check(CLI::Range(0u, 65535u))
      ->capture_default_str();
  sub->add_option("--host", c.host, "Address or name to listen on")->capture_default_str();
  sub->add_option("--workers", c.workers, "Worker threads; without it HOCKET_WORKERS decides")
      ->check(CLI::Range(1u, 1024u));
  sub->add_option("--max-connections", c.max_connections, "More are answered 503 and closed")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  sub->add_flag("--inline-hash", c.inline_hash,
                "Run /hash in the request's own task, not through parallel(), to see the difference");
  sub->add_flag("--quiet", c.quiet, "Print only the URL, and errors");
  sub->footer(
      "Routes: /  /sleep?ms=N  /fib?n=N  /hash?ms=N  "
#if defined(HOCKET_TOOL_HAS_TBB)
      "/sort?n=N  "
#endif
      "/echo  /stats\n"
      "Ctrl-C (exit status 130) and SIGTERM (exit status 0) stop it; both print how much it served.");
}

void add_load(CLI::App& app, load_command& c) {
  auto* sub =
      app.add_subcommand("load", "A load generator for HTTP/1.1, open or closed loop, without coordinated omission");
  sub->add_option("--url", c.url_text, "http://HOST[:PORT][/PATH]")->required()->check(http_url());
  sub->add_option("--connections", c.load.connections, "Connections")
      ->check(CLI::Range(1u, 100'000u))
      ->capture_default_str();
  sub->add_option(
         "--rate", c.load.rate,
         "Requests per second on a schedule (open loop); 0: each connection sends when it was answered (closed loop)")
      ->check(per_second())
      ->capture_default_str();
  sub->add_option_function<std::string>(
         "--arrivals",
         [&c](const std::string& kind) {
           c.load.arrival = kind == "constant" ? arrival_kind::constant : arrival_kind::poisson;
         },
         "Open loop: the distances between requests")
      ->check(CLI::IsMember({"poisson", "constant"}))
      ->default_str("poisson");
  sub->add_option("--duration", c.load.seconds, "Seconds that are measured")
      ->check(seconds_above(0.01))
      ->capture_default_str();
  sub->add_option("--warmup", c.load.warmup_seconds, "Seconds before them that are not counted")
      ->check(seconds_above(0))
      ->capture_default_str();
  sub->add_option("--timeout", c.load.timeout_seconds, "Seconds until a request without an answer is an error")
      ->check(seconds_above(0.001))
      ->capture_default_str();
  sub->add_option("--pipeline", c.load.pipeline, "Requests in flight on one connection")
      ->check(CLI::Range(1u, 1024u))
      ->capture_default_str();
  sub->add_option("--method", c.load.method, "Request method")
      ->check(CLI::IsMember({"GET", "HEAD", "POST", "PUT", "DELETE"}))
      ->capture_default_str();
  sub->add_option("--data", c.load.body, "Request body");
  sub->add_option("--header", c.load.headers, "A header line, as 'Name: value'; may be repeated")
      ->check(header_line())
      ->expected(1)
      ->take_all();
  sub->add_option("--seed", c.load.seed, "Seed of the Poisson schedule")->capture_default_str();
  sub->add_option("--json", c.json, "Also write the result to this file; - writes it to standard output, alone");
  sub->add_flag("--quiet", c.quiet, "No progress line");
  sub->footer(
      "Latency counts from the moment at which a request was due (open loop) or sent (closed loop) to the last byte of "
      "its answer.\n"
      "It is a plain epoll program in one thread: it measures the runtime from outside.");
}

void add_demo(CLI::App& app, demo_command& c) {
  auto* sub = app.add_subcommand(
      "demo", "Serves, loads the server with light requests alone, then with CPU work beside them, and compares");
  sub->add_option("--seconds", c.seconds, "Seconds that each phase is measured")
      ->check(seconds_above(0.5))
      ->capture_default_str();
  sub->add_option("--json", c.json, "Also write the results to this file; - writes them to standard output, alone");
  sub->add_option("--rate", c.rate, "Light requests per second")->check(CLI::Range(1.0, 1e6))->capture_default_str();
  sub->add_option("--connections", c.connections, "Connections of the light requests")
      ->check(CLI::Range(1u, 10'000u))
      ->capture_default_str();
  sub->add_option("--workers", c.workers, "Worker threads of the server; without it HOCKET_WORKERS decides")
      ->check(CLI::Range(1u, 1024u));
  sub->add_option("--cpu", c.cpu, "The CPU work: hash (plain functions of 5 ms) or fib (a tree of coroutines)")
      ->check(CLI::IsMember({"hash", "fib"}))
      ->capture_default_str();
  sub->add_flag("--cpu-alone", c.cpu_alone, "One more phase: the CPU work without light requests");
  sub->add_flag("--standby-compare", c.standby_compare,
                "One more phase: light requests and CPU work with the standby worker off");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(about, "hocket");
  app.footer(examples);
  app.require_subcommand(1);
  app.set_version_flag("--version", "hocket " HOCKET_VERSION_TEXT);
  app.get_formatter()->column_width(34);

  serve_command serve_options;
  load_command load_options;
  demo_command demo_options;
  bool info_json = false, env_markdown = false;
  add_serve(app, serve_options);
  add_load(app, load_options);
  add_demo(app, demo_options);
  app.add_subcommand("info", "Version, compiler, and what hocket sees of this machine")
      ->add_flag("--json", info_json, "As JSON");
  app.add_subcommand("env", "Every environment variable: what it accepts, its default, its value now")
      ->add_flag("--markdown", env_markdown, "As a table for a README");

  app.failure_message([](const CLI::App* failed, const CLI::Error& e) {
    return "hocket: " + std::string(e.what()) + "\nRun '" + failed->get_name() + " --help' for what it takes.\n";
  });
  if (argc == 1) {
    std::fputs(app.help().c_str(), stderr);
    return 2;
  }
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  const std::string_view first = argv[1];
  if (!first.starts_with('-') &&
      std::none_of(commands.begin(), commands.end(), [&](const CLI::App* c) { return c->get_name() == first; })) {
    std::fprintf(stderr,
                 "hocket: unknown command '%s'; there are serve, load, demo, info and env (see hocket --help)\n",
                 argv[1]);
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }

  try {
    if (app.got_subcommand("serve")) return serve(serve_options);
    if (app.got_subcommand("load")) {
      load_options.load.target = parse_url(load_options.url_text);
      return load(load_options);
    }
    if (app.got_subcommand("demo")) return demo(demo_options);
    if (app.got_subcommand("info")) return info(info_json);
    return env(env_markdown);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "hocket: %s\n", e.what());
    return 1;
  }
}
