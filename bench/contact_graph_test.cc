#include "bench/contact_graph.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

TEST(ContactGraph, everybody_has_the_same_number_of_different_contacts) {
  const ContactGraph graph(101, 20, 7);
  for (UserIndex user = 0; user < graph.users(); ++user) {
    std::set<UserIndex> contacts;
    for (uint32_t slot = 0; slot < graph.contacts(); ++slot) {
      contacts.insert(graph.contact(user, slot));
    }
    EXPECT_EQ(contacts.size(), 20U);
    EXPECT_EQ(contacts.count(user), 0U);
  }
}

TEST(ContactGraph, is_symmetric_and_finds_slots) {
  for (const uint32_t users : {11U, 100U}) {
    const ContactGraph graph(users, 10, 3);
    for (UserIndex user = 0; user < users; ++user) {
      uint32_t known = 0;
      for (UserIndex other = 0; other < users; ++other) {
        if (graph.slot_of(user, other)) ++known;
        EXPECT_EQ(graph.slot_of(user, other).has_value(), graph.slot_of(other, user).has_value());
      }
      EXPECT_EQ(known, 10U);
      for (uint32_t slot = 0; slot < 10; ++slot) {
        const UserIndex other = graph.contact(user, slot);
        EXPECT_EQ(graph.slot_of(user, other), slot);
        EXPECT_EQ(graph.slot_of(other, user), ContactGraph::mirror(slot));
        EXPECT_EQ(graph.contact(other, ContactGraph::mirror(slot)), user);
      }
    }
  }
}

TEST(ContactGraph, comes_from_its_seed) {
  const ContactGraph first(1000, 4, 1);
  const ContactGraph same(1000, 4, 1);
  const ContactGraph another(1000, 4, 2);
  bool differs = false;
  for (UserIndex user = 0; user < 1000; ++user) {
    EXPECT_EQ(first.contact(user, 3), same.contact(user, 3));
    differs = differs || first.contact(user, 3) != another.contact(user, 3);
  }
  EXPECT_TRUE(differs);
}

TEST(ContactGraph, strangers_and_unknown_users_have_no_slot) {
  const ContactGraph graph(10, 0, 1);
  EXPECT_EQ(graph.slot_of(1, 2), std::nullopt);
  EXPECT_EQ(graph.slot_of(1, 1), std::nullopt);
  EXPECT_EQ(graph.slot_of(1, 10), std::nullopt);
}

TEST(ContactGraph, refuses_what_it_cannot_make) {
  EXPECT_THROW(ContactGraph(10, 3, 1), std::invalid_argument);
  EXPECT_THROW(ContactGraph(10, 10, 1), std::invalid_argument);
}

TEST(UserName, goes_there_and_back) {
  EXPECT_EQ(user_name(42), "user-000042");
  EXPECT_EQ(parse_user_name("user-000042"), 42U);
  for (const char* text : {"", "user-", "user-42", "user-00004x", "usar-000042", "user-0000423"}) {
    EXPECT_EQ(parse_user_name(text), std::nullopt) << text;
  }
}

TEST(ContactsFile, names_each_pair_once) {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("presenced-bench-contacts-" + std::to_string(getpid()) + ".json");
  const ContactGraph graph(5, 2, 1);
  write_contacts_file(graph, path);
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  std::size_t names = 0;
  for (std::size_t at = text.str().find("user-"); at != std::string::npos;
       at = text.str().find("user-", at + 1)) {
    ++names;
  }
  EXPECT_EQ(names, 5U + 5U);  // five keys, five edges
}

}  // namespace
}  // namespace bench
