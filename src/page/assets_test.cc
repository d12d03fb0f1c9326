#include "page/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

namespace page {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

net::HttpRequest request(std::string target, std::vector<net::HttpHeader> headers = {},
                         std::string method = "GET") {
  net::HttpRequest made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.headers = std::move(headers);
  return made;
}

std::string header(const net::HttpResponse& response, std::string_view name) {
  for (const auto& each : response.headers) {
    if (each.name == name) return each.value;
  }
  return "";
}

// The path of the one file of the page that ends so; its name holds a hash.
std::string page_file(std::string_view ending) {
  std::vector<std::string> found;
  for (const Asset& asset : embedded_page()) {
    if (asset.path.ends_with(ending)) found.emplace_back(asset.path);
  }
  EXPECT_THAT(found, ::testing::SizeIs(1)) << ending;
  return found.empty() ? "" : found.front();
}

// Undoes gzip and the zlib format alike.
std::string inflated(std::string_view coded) {
  constexpr int kDetectFormat = 32;
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + kDetectFormat), Z_OK);
  std::string out(4U << 20U, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class AssetsTest : public ::testing::Test {
 protected:
  Assets assets{"/socket.io/", DemoPage::kServed};
  net::HttpResponse get(std::string target, std::vector<net::HttpHeader> headers = {}) {
    auto response = assets.serve(request(target, std::move(headers)));
    EXPECT_TRUE(response.has_value()) << target;
    return response.value_or(net::HttpResponse{});
  }
};

TEST_F(AssetsTest, ServesEveryBundleAndItsMap) {
  for (const char* name :
       {"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"}) {
    const auto script = get(std::string("/socket.io/") + name);
    EXPECT_EQ(script.status, 200);
    EXPECT_EQ(header(script, "Content-Type"), "application/javascript; charset=utf-8");
    EXPECT_THAT(script.body, HasSubstr("Socket.IO v4.8"));
    const auto map = get(std::string("/socket.io/") + name + ".map");
    EXPECT_EQ(header(map, "Content-Type"), "application/json; charset=utf-8");
    EXPECT_THAT(map.body, StartsWith("{\"version\":3"));
  }
}

TEST_F(AssetsTest, TheBundlesEtagIsTheQuotedVersion) {
  const auto response = get("/socket.io/socket.io.js");
  EXPECT_THAT(header(response, "ETag"), ::testing::MatchesRegex("\"4\\.8\\.[0-9]+\""));
  EXPECT_EQ(header(response, "Cache-Control"), "public, max-age=0");
  EXPECT_EQ(header(response, "Vary"), "Accept-Encoding");
}

TEST_F(AssetsTest, Answers304ToTheEtagAndItsWeakForm) {
  const std::string etag = header(get("/socket.io/socket.io.js"), "ETag");
  for (const std::string& asked : {etag, "W/" + etag}) {
    const auto response = get("/socket.io/socket.io.js", {{"if-none-match", asked}});
    EXPECT_EQ(response.status, 304);
    EXPECT_THAT(response.body, IsEmpty());
    EXPECT_EQ(header(response, "ETag"), etag);
    EXPECT_EQ(header(response, "Content-Type"), "");
  }
  EXPECT_EQ(get("/socket.io/socket.io.js", {{"If-None-Match", "\"0.0.0\""}}).status, 200);
}

TEST_F(AssetsTest, CompressesWithWhatTheClientAccepts) {
  const std::string plain = get("/socket.io/socket.io.js").body;
  for (const char* coding : {"gzip", "deflate"}) {
    const auto response = get("/socket.io/socket.io.js", {{"Accept-Encoding", coding}});
    EXPECT_EQ(header(response, "Content-Encoding"), coding);
    EXPECT_EQ(inflated(response.body), plain);
  }
  const auto response = get("/socket.io/socket.io.js", {{"Accept-Encoding", "gzip, br"}});
  EXPECT_EQ(header(response, "Content-Encoding"), "br");
  EXPECT_LT(response.body.size(), plain.size() / 3);
  EXPECT_EQ(header(get("/socket.io/socket.io.js"), "Content-Encoding"), "");
}

TEST_F(AssetsTest, AQueryDoesNotMatter) {
  EXPECT_EQ(get("/socket.io/socket.io.js?EIO=4&transport=polling").status, 200);
}

TEST_F(AssetsTest, ExactNamesOnly) {
  for (const char* target :
       {"/socket.io/", "/socket.io", "/socket.io/socket.io.js/", "/socket.io/SOCKET.IO.JS",
        "/socket.io/socket.io.esm.js", "/socket.io/../socket.io.js", "/socket.io/socket.io.js%00",
        "/socket.io.js", "/other/socket.io.js", "//", "/index.html", "/demo/", "*", ""}) {
    EXPECT_FALSE(assets.serve(request(target)).has_value()) << target;
  }
}

TEST_F(AssetsTest, OtherMethodsAreRefused) {
  const auto response = assets.serve(request("/socket.io/socket.io.js", {}, "POST"));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 405);
  EXPECT_EQ(header(*response, "Allow"), "GET, HEAD");
}

TEST_F(AssetsTest, HeadIsAnsweredAsGet) {
  const auto head = assets.serve(request("/", {}, "HEAD"));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, get("/").body);
}

TEST_F(AssetsTest, ServesThePageUnderAPolicyThatAllowsOnlyItsOwnScripts) {
  const auto page = get("/");
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
  EXPECT_THAT(header(page, "Content-Security-Policy"), HasSubstr("script-src 'self'"));
  for (const auto& [ending, content_type] :
       {std::pair{".js", "application/javascript; charset=utf-8"},
        std::pair{".css", "text/css; charset=utf-8"}}) {
    const std::string file = page_file(ending);
    EXPECT_THAT(page.body, HasSubstr("\"." + file + "\""));
    EXPECT_EQ(header(get(file), "Content-Type"), content_type);
  }
}

TEST_F(AssetsTest, PageFilesAreKeptForGoodAndThePageIsAskedForAgain) {
  EXPECT_EQ(header(get(page_file(".js")), "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_THAT(page_file(".js"), ::testing::MatchesRegex("/demo/index-[A-Za-z0-9_-]+\\.js"));
  EXPECT_EQ(header(get("/"), "Cache-Control"), "no-cache");
  EXPECT_NE(header(get("/"), "ETag"), header(get(page_file(".js")), "ETag"));
}

TEST_F(AssetsTest, ThePageIsSmall) {
  std::size_t bytes = 0;
  for (const Asset& asset : embedded_page()) bytes += asset.gzip.size();
  EXPECT_LT(bytes, 105U * 1024U);  // as docs/dependencies.md says
}

TEST_F(AssetsTest, TellsThePageTheSampleUsersAndTheEnginesPath) {
  const auto settings = get("/demo/settings.json");
  EXPECT_THAT(settings.body, StartsWith("{\"path\":\"/socket.io/\",\"sampleUsers\":[\"alice\""));
  EXPECT_EQ(header(settings, "Cache-Control"), "no-store");
  EXPECT_EQ(header(settings, "ETag"), "");
}

TEST(Assets, TheBundleLiesBelowTheConfiguredPath) {
  const Assets assets("/chat\"/rt", DemoPage::kServed);
  EXPECT_TRUE(assets.serve(request("/chat\"/rt/socket.io.min.js")).has_value());
  EXPECT_FALSE(assets.serve(request("/socket.io/socket.io.js")).has_value());
  EXPECT_THAT(assets.serve(request("/demo/settings.json"))->body,
              StartsWith("{\"path\":\"/chat\\\"/rt/\""));
}

TEST(Assets, WithoutThePageOnlyTheBundleIsServed) {
  const Assets assets("/socket.io/", DemoPage::kAbsent);
  EXPECT_TRUE(assets.serve(request("/socket.io/socket.io.js")).has_value());
  for (const std::string& target :
       {std::string("/"), page_file(".js"), std::string("/demo/settings.json")}) {
    EXPECT_FALSE(assets.serve(request(target)).has_value()) << target;
  }
}

TEST(Assets, EveryCodingIsTheSameFile) {
  for (const auto table : {embedded_bundle(), embedded_page()}) {
    for (const Asset& asset : table) {
      EXPECT_THAT(asset.identity, Not(IsEmpty())) << asset.path;
      for (const std::string_view coded : {asset.gzip, asset.deflate}) {
        EXPECT_TRUE(coded.empty() || inflated(coded) == asset.identity) << asset.path;
      }
    }
  }
}

}  // namespace
}  // namespace page
