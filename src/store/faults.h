// Faults: what is wrong with the store at this moment. Tells the log once per change and answers
// readiness. Any thread.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <string>

#include "store/embedded_store.h"

namespace store {

class Faults {
 public:
  explicit Faults(std::function<void(const FaultNotice&)> on_change)
      : on_change_(std::move(on_change)) {}

  void begin(Fault fault, const std::string& message);
  void end(Fault fault, const std::string& message);

  [[nodiscard]] bool any() const;
  [[nodiscard]] std::string last_storage_error() const;

 private:
  void change(Fault fault, bool began, const std::string& message);

  const std::function<void(const FaultNotice&)> on_change_;
  mutable std::mutex mutex_;  // also held during on_change_, so that notices come in order
  std::array<bool, 2> present_{};
  std::string last_storage_error_;
};

}  // namespace store
