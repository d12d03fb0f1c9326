// AddressSource: where to connect to next. A fixed address, one of
// several, or the master that the sentinels name.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/result.h"
#include "redis/address.h"
#include "redis/function.h"

namespace redis {

class AddressSource {
 public:
  using Done = Function<void(base::Result<Address>)>;
  virtual ~AddressSource() = default;  // `done` is not called any more
  // Calls `done` once, perhaps within the call. One question at a time; a new one forgets the last.
  virtual void find(Done done) = 0;
};

class FixedAddress final : public AddressSource {
 public:
  explicit FixedAddress(Address address) : address_(std::move(address)) {}
  void find(Done done) override { done(address_); }

 private:
  Address address_;
};

// Several, one after the other, round and round.
class EachInTurn final : public AddressSource {
 public:
  explicit EachInTurn(std::vector<Address> addresses) : addresses_(std::move(addresses)) {}
  void find(Done done) override { done(addresses_[next_++ % addresses_.size()]); }

 private:
  std::vector<Address> addresses_;
  std::size_t next_ = 0;
};

}  // namespace redis
