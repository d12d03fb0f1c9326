#include "contacts/contact_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace contacts {
namespace {

using presence::Edge;
using testing::HasSubstr;
using testing::StartsWith;

class ContactFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "contacts.XXXXXX").native();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
    return directory_ / name;
  }

  EdgeSink sink() {
    return [this](std::vector<Edge> edges) -> base::Result<void> {
      ++batches_;
      edges_.insert(edges_.end(), edges.begin(), edges.end());
      return {};
    };
  }

  std::filesystem::path directory_;
  std::vector<Edge> edges_;
  int batches_ = 0;
};

TEST_F(ContactFile, IsReadInTheFormatOfItsExtension) {
  const auto stats =
      import_file(file("c.csv", "user,contact\na,b\n"), std::nullopt, Direction::mutual, sink());
  ASSERT_TRUE(stats) << stats.error().message;
  EXPECT_EQ(stats->edges, 2U);
  EXPECT_EQ(stats->bytes, 17U);
  EXPECT_EQ(edges_, (std::vector<Edge>{{"a", "b"}, {"b", "a"}}));
}

TEST_F(ContactFile, AnExplicitFormatGoesBeforeTheExtension) {
  ASSERT_TRUE(
      import_file(file("c.csv", "{\"a\":[\"b\"]}"), Format::json, Direction::one_way, sink()));
  EXPECT_EQ(edges_, (std::vector<Edge>{{"a", "b"}}));
}

TEST_F(ContactFile, ComesInBatches) {
  std::string text = "user,contact\n";
  for (int i = 0; i < 100'000; ++i) text += "u" + std::to_string(i) + ",v\n";
  ASSERT_TRUE(import_file(file("c.csv", text), std::nullopt, Direction::one_way, sink()));
  EXPECT_EQ(edges_.size(), 100'000U);
  EXPECT_GT(batches_, 2);
}

TEST_F(ContactFile, RefusalsNameTheFile) {
  const auto missing = import_file(directory_ / "no.csv", std::nullopt, Direction::mutual, sink());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, base::ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("no.csv: No such file"));

  const auto directory = import_file(directory_, Format::csv, Direction::mutual, sink());
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error().message, StartsWith(directory_.native()));

  EXPECT_FALSE(import_file(file("c.txt", ""), std::nullopt, Direction::mutual, sink()));

  const auto path = file("c.csv", "user,contact\na,b\na,a\n");
  const auto wrong = import_file(path, std::nullopt, Direction::one_way, sink());
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, StartsWith(path.native() + ":3: contact: "));
  EXPECT_TRUE(edges_.empty()) << "nothing of a broken file is handed over";
}

TEST_F(ContactFile, ARefusalOfTheSinkEndsTheImport) {
  const auto refused = import_file(file("c.csv", "user,contact\na,b\n"), std::nullopt,
                                   Direction::mutual, [](std::vector<Edge>) -> base::Result<void> {
                                     return base::fail(base::ErrorCode::kStoreUnavailable, "full");
                                   });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "full");
}

TEST_F(ContactFile, ExportsPageByPage) {
  const std::vector<Edge> edges = {{"a", "b"}, {"a", "c"}, {"b", "a"}};
  const EdgeSource source = [&](const auto& page) -> base::Result<void> {
    for (const Edge& edge : edges)
      if (auto taken = page(std::span(&edge, 1)); !taken) return taken;
    return {};
  };
  std::string out;
  ASSERT_TRUE(export_edges(Format::json, source, [&](std::string_view bytes) -> base::Result<void> {
    out += bytes;
    return {};
  }));
  EXPECT_EQ(out, "{\n\"a\": [\"b\", \"c\"],\n\"b\": [\"a\"]\n}\n");

  const auto refused =
      export_edges(Format::csv, source, [](std::string_view) -> base::Result<void> {
        return base::fail(base::ErrorCode::kInternal, "closed");
      });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "closed");
}

}  // namespace
}  // namespace contacts
