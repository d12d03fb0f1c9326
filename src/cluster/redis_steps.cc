#include "cluster/redis_steps.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace cluster {
namespace {

constexpr std::size_t kAtOnce = 1'000;

struct Run {
  redis::Client& client;
  std::vector<Phase> phases;
  redis::Function<void(base::Result<Replies>)> then;
  std::size_t phase = 0;
  std::size_t next = 0;     // of the phase
  std::size_t missing = 0;  // answers
  Replies replies{};
  std::optional<std::string> failure{};
};

void advance(const std::shared_ptr<Run>& run) {
  while (run->phase < run->phases.size() && run->next == run->phases[run->phase].size()) {
    ++run->phase;
    run->next = 0;
  }
  if (run->phase == run->phases.size()) return run->then(std::move(run->replies));
  Phase& steps = run->phases[run->phase];
  const std::size_t end = std::min(run->next + kAtOnce, steps.size());
  run->missing = end - run->next;
  std::size_t place = run->replies.size();
  run->replies.resize(place + run->missing);
  for (; run->next < end; ++run->next, ++place) {
    steps[run->next](run->client, [run, place](redis::Answer answer) {
      if (answer) {
        run->replies[place] = std::move(*answer);
      } else if (!run->failure) {
        run->failure = std::move(answer.error().message);
      }
      if (--run->missing > 0) return;
      if (run->failure)
        return run->then(base::fail(base::ErrorCode::kStoreUnavailable, *std::move(run->failure)));
      advance(run);
    });
  }
}

}  // namespace

Step step(redis::Command command, std::string key) {
  return [command = std::move(command), key = std::move(key)](redis::Client& client,
                                                              redis::Callback done) {
    client.call(command, key, std::move(done));
  };
}

void run(redis::Client& client, std::vector<Phase> phases,
         redis::Function<void(base::Result<Replies>)> then) {
  advance(std::make_shared<Run>(Run{client, std::move(phases), std::move(then)}));
}

}  // namespace cluster
