#include "presence/string_pool.h"

namespace presence {

PooledString StringPool::intern(std::string_view text) {
  if (text.empty()) return {};
  const auto [at, inserted] =
      entries_.try_emplace(std::string(text), PooledString::Shared{this, 0});
  return PooledString(&*at);
}

PooledString::~PooledString() {
  if (entry_ == nullptr || --entry_->second.references > 0) return;
  StringPool& pool = *entry_->second.pool;
  pool.entries_.erase(pool.entries_.find(entry_->first));
}

}  // namespace presence
