#include "presence/user_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace presence {
namespace {

RC_GTEST_PROP(UserTableProperty, AgreesWithAMap, ()) {
  UserTable table;
  std::map<std::string, UserHandle> model;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(0, 60)));
  for (const auto& [action, number] : steps) {
    const std::string id = "user-" + std::to_string(number);
    if (action == 0) {
      if (User* user = table.find(id)) table.erase(*user);
      model.erase(id);
    } else {
      const User& user = table.intern(id);
      RC_ASSERT(user.id == id);
      const auto [at, inserted] = model.try_emplace(id, user.handle);
      RC_ASSERT(at->second == user.handle);
    }
    RC_ASSERT(table.size() == model.size());
    for (const auto& [known, handle] : model) {
      RC_ASSERT(table.find(known) != nullptr);
      RC_ASSERT(table[handle].id == known);
    }
  }
  std::vector<std::string> ids;
  for (int number = 0; number < 80; ++number) ids.push_back("user-" + std::to_string(number));
  const std::vector<std::string_view> asked(ids.begin(), ids.end());
  std::vector<const User*> found(asked.size());
  table.find_all(asked, found);
  for (std::size_t i = 0; i < ids.size(); ++i) RC_ASSERT(found[i] == table.find(ids[i]));
}

TEST(UserTable, TellsIdsApartThatShareAPrefixOrEndInZeroBytes) {
  UserTable table;
  using namespace std::string_literals;
  const UserHandle a = table.intern("12345678").handle;
  EXPECT_NE(table.intern("12345678\0"s).handle, a);
  EXPECT_EQ(table.find("1234567"), nullptr);
}

// Among so many ids some share the 32 bits of the hash that the table keeps.
std::pair<std::string, std::string> two_of_the_same_hash() {
  std::unordered_map<uint32_t, std::string> seen;
  for (int number = 0; number < 1'000'000; ++number) {
    std::string id = std::to_string(number);
    const auto [at, inserted] = seen.try_emplace(static_cast<uint32_t>(base::sip_hash({}, id)), id);
    if (!inserted) return {at->second, id};
  }
  return {};
}

TEST(UserTable, TellsIdsApartWhoseHashesAreEqual) {
  const auto [a, b] = two_of_the_same_hash();
  ASSERT_NE(a, b);
  UserTable table;
  const std::vector<std::string_view> asked{a, b};
  std::vector<const User*> found(2);
  const User* first = &table.intern(a);
  table.find_all(asked, found);
  EXPECT_EQ(found, (std::vector<const User*>{first, nullptr}));
  const User* second = &table.intern(b);
  table.find_all(asked, found);
  EXPECT_EQ(found, (std::vector<const User*>{first, second}));
}

}  // namespace
}  // namespace presence
