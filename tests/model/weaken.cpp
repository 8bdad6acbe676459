#include "weaken.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

namespace hocket::model {
namespace {

const char* name_of(std::memory_order o) {
  switch (o) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    default:
      return "seq_cst";
  }
}

std::vector<std::memory_order> weaker_than(std::memory_order o) {
  switch (o) {
    case std::memory_order_seq_cst:
      return {std::memory_order_acq_rel, std::memory_order_acquire, std::memory_order_release};
    case std::memory_order_acq_rel:
      return {std::memory_order_acquire, std::memory_order_release};
    default:
      return {std::memory_order_relaxed};
  }
}

// "Q1", "K2": a capital and a digit, alone.
void collect_labels(const std::string& text, std::set<std::string>& labels) {
  const auto alone = [&](std::size_t i) {
    return i >= text.size() || !std::isalnum(static_cast<unsigned char>(text[i]));
  };
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (std::isupper(static_cast<unsigned char>(text[i])) && std::isdigit(static_cast<unsigned char>(text[i + 1])) &&
        (i == 0 || alone(i - 1)) && alone(i + 2)) {
      labels.insert(text.substr(i, 2));
    }
  }
}

// The pairs named by the nearest comment that speaks of order, from the operation's line upwards.
std::set<std::string> labels_at(const std::source_location& where) {
  // A path may be relative to where it was compiled (ccache makes it so).
  std::ifstream file(std::filesystem::path(HOCKET_BINARY_DIR) / where.file_name());
  std::vector<std::string> lines(1);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::set<std::string> labels;
  constexpr std::size_t reach = 10;
  if (lines.size() <= where.line()) return labels;
  for (std::size_t n = where.line(), i = 0; n > 0 && i < reach; --n, ++i) {
    const auto comment = lines[n].find("//");
    if (comment == std::string::npos) continue;
    collect_labels(lines[n].substr(comment), labels);
    if (lines[n].find("order:", comment) != std::string::npos) break;
  }
  return labels;
}

}  // namespace

std::vector<weakening> weaken_each_order(const world_maker& maker, bounds limits) {
  std::vector<order_site> sites;
  limits.sites = &sites;
  const auto sound = explore(maker, limits);
  EXPECT_TRUE(sound.holds) << sound;
  limits.sites = nullptr;
  std::sort(sites.begin(), sites.end(), [](const order_site& a, const order_site& b) {
    const auto by_file = std::string_view(a.where.file_name()).compare(b.where.file_name());
    return by_file != 0 ? by_file < 0 : a.where.line() < b.where.line();
  });

  std::vector<weakening> all;
  for (const auto& site : sites) {
    const std::string file = std::filesystem::path(site.where.file_name()).filename();
    if (file.find("_model.cpp") != std::string::npos) continue;  // the world's own
    for (const auto weaker : weaker_than(site.order)) {
      const order_site run_with{site.where, weaker};
      limits.weakened = &run_with;
      weakening w;
      w.place = file + ':' + std::to_string(site.where.line());
      w.labels = labels_at(site.where);
      w.from = name_of(site.order);
      w.to = name_of(weaker);
      w.noticed = !explore(maker, limits).holds;
      all.push_back(std::move(w));
    }
  }
  return all;
}

}  // namespace hocket::model
