#include "presence/string_pool.h"

namespace presence {

PooledString StringPool::intern(std::string_view text) {
  if (text.empty()) return {};
  auto at = entries_.find(text);
  if (at == entries_.end())
    at = entries_.try_emplace(std::string(text), PooledString::Shared{this, 0}).first;
  return PooledString(&*at);
}

PooledString::~PooledString() {
  if (entry_ == nullptr || --entry_->second.references > 0) return;
  StringPool& pool = *entry_->second.pool;
  pool.entries_.erase(pool.entries_.find(entry_->first));
}

}  // namespace presence
