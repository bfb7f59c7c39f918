// Whether two classes of input can be told apart by time: dudect's method (Reparaz, Balasch, Verbauwhede, 2017).
//
// Inputs of both classes are timed in random order; times above a percentile, which are other processes', are left
// out; Welch's t of what is left is large where the means differ. A machine at work makes one round's t large by
// chance, never each round's, and a leak does: the smallest of the rounds is what counts.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace sallyport::timing {

struct Verdict {
  double t = 0;           // the smallest of the rounds
  double difference = 0;  // of the medians, in nanoseconds, of the round with that t
  double median = 0;      // of the first class
  std::string words() const {
    char text[128];
    std::snprintf(text, sizeof text, "|t| = %.1f, medians %.1f ns apart at %.1f ns", t, difference, median);
    return text;
  }
};

// dudect calls it certain from here on.
inline constexpr double kLeaks = 10;

struct Effort {
  int rounds = 5;
  int samples = 20'000;  // of each class, in a round
  int repeats = 1;       // calls in one measurement
  double kept = 0.9;     // of the times, from the fastest on
};

namespace detail {

inline double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}
inline double variance(const std::vector<double>& x, double m) {
  double sum = 0;
  for (const double v : x) sum += (v - m) * (v - m);
  return sum / static_cast<double>(x.size() - 1);
}

}  // namespace detail

// `ask(0)` and `ask(1)` do the work for the one class and the other. Stops early where one round shows no leak.
template <class Ask>
Verdict compare(Ask&& ask, const Effort& effort = {}) {
  Verdict least;
  least.t = 1e9;
  std::mt19937 dice(7);
  for (int round = 0; round < effort.rounds; ++round) {
    std::vector<double> times[2];
    for (auto& one : times) one.reserve(effort.samples);
    while (static_cast<int>(std::min(times[0].size(), times[1].size())) < effort.samples) {
      const int which = static_cast<int>(dice() & 1);
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < effort.repeats; ++i) ask(which);
      const auto end = std::chrono::steady_clock::now();
      times[which].push_back(std::chrono::duration<double, std::nano>(end - begin).count() / effort.repeats);
    }
    // One threshold for both classes, or the cut itself would make a difference.
    std::vector<double> all(times[0]);
    all.insert(all.end(), times[1].begin(), times[1].end());
    std::sort(all.begin(), all.end());
    const double limit = all[static_cast<std::size_t>(static_cast<double>(all.size() - 1) * effort.kept)];
    double median[2], mean[2], spread[2];
    for (int c = 0; c < 2; ++c) {
      std::erase_if(times[c], [&](double v) { return v > limit; });
      std::sort(times[c].begin(), times[c].end());
      median[c] = times[c].empty() ? limit : times[c][times[c].size() / 2];
      // Where nearly all of one class is above the limit the classes are far apart.
      if (times[c].size() < 10) return {1e9, median[1 - c], median[0]};
      mean[c] = detail::mean(times[c]);
      spread[c] = detail::variance(times[c], mean[c]) / static_cast<double>(times[c].size());
    }
    const double t = std::fabs(mean[0] - mean[1]) / std::sqrt(std::max(spread[0] + spread[1], 1e-12));
    if (t < least.t) least = {t, std::fabs(median[0] - median[1]), median[0]};
    if (least.t < kLeaks) break;
  }
  return least;
}

}  // namespace sallyport::timing
