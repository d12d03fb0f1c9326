// What serve() refuses. How it runs and ends is shown by the end-to-end tests, on the real program.

#include "app/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "app/authentication.h"
#include "auth/token_signer.h"
#include "config/setting_table.h"
#include "runtime/core_threads.h"
#include "runtime/event_loop.h"
#include "store/embedded_store.h"
#include "store/test_support.h"

namespace app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class ServeTest : public testing::Test {
 protected:
  ServeTest() {
    loaded.settings = config::default_settings();
    loaded.settings.threads = 2;
    loaded.settings.listen.port = 0;
    loaded.settings.auth.mode = config::AuthMode::kInsecure;
    loaded.settings.data_dir = (place.path() / "data").native();
  }
  std::string refusal() {
    const auto served = serve(loaded);
    return served ? "served" : served.error().message;
  }
  // A port of the loopback address that somebody listens on, as long as the test runs.
  uint16_t taken_port() {
    const auto bound = other_.listen(
        {.address = {"127.0.0.1", 0}},
        [](unsigned, runtime::EventLoop&) -> std::unique_ptr<net::HttpHandler> { return {}; });
    EXPECT_TRUE(bound);
    return bound->port;
  }
  std::string write(const std::string& text) {
    const std::string file = (place.path() / "key").native();
    std::ofstream(file) << text;
    return file;
  }

  store::TemporaryDirectory place;
  config::Loaded loaded;

 private:
  runtime::CoreThreads other_{{.threads = 1}};
};

TEST_F(ServeTest, AnAddressInUseIsRefusedWithItsSetting) {
  loaded.settings.listen.port = taken_port();
  loaded.origins["listen"] = "presenced.toml:3";
  EXPECT_THAT(refusal(),
              AllOf(StartsWith("presenced.toml:3: listen: "),
                    HasSubstr("127.0.0.1:" + std::to_string(loaded.settings.listen.port))));
}

TEST_F(ServeTest, TheOperatorsAddressInUseIsRefusedWithItsSetting) {
  loaded.settings.admin_listen = loaded.settings.listen;
  loaded.settings.admin_listen->port = taken_port();
  EXPECT_THAT(refusal(), StartsWith("admin_listen: "));
}

TEST_F(ServeTest, ARefusedStartLeavesTheDataDirFree) {
  loaded.settings.listen.port = taken_port();
  refusal();
  EXPECT_TRUE(store::EmbeddedStore::open({.data_dir = loaded.settings.data_dir}));
}

TEST_F(ServeTest, ADataDirInUseIsRefusedAndNamed) {
  const auto other = store::EmbeddedStore::open({.data_dir = loaded.settings.data_dir});
  EXPECT_THAT(refusal(), AllOf(HasSubstr(loaded.settings.data_dir), HasSubstr("in use")));
}

TEST_F(ServeTest, CertificatesThatCannotBeReadAreRefusedAndNamed) {
  loaded.settings.tls.cert = "/missing.pem";
  loaded.settings.tls.key = "/missing.key";
  EXPECT_THAT(refusal(), HasSubstr("/missing.pem"));
}

// --- Who connects

TEST_F(ServeTest, AKeyThatIsNoneIsRefusedAndItsFileNamedBeforeAnythingIsOpened) {
  loaded.settings.auth.mode = config::AuthMode::kJwt;
  loaded.settings.jwt.key_file = "/missing.pem";
  EXPECT_THAT(refusal(), HasSubstr("/missing.pem"));
  loaded.settings.jwt.key_file = write("no key");
  EXPECT_THAT(refusal(), HasSubstr("(jwt.key_file is " + loaded.settings.jwt.key_file + ")"));
  EXPECT_FALSE(std::filesystem::exists(loaded.settings.data_dir));
}

TEST_F(ServeTest, InModeInsecureTheUserIdIsBelieved) {
  const auto authenticator = make_authenticator(loaded);
  ASSERT_TRUE(authenticator);
  EXPECT_EQ(authenticator->authenticate({"", "alice"}, {})->user_id, "alice");
}

TEST_F(ServeTest, TokensAreCheckedByTheSettings) {
  loaded.settings.auth.mode = config::AuthMode::kJwt;
  loaded.settings.jwt.secret = "0123456789abcdef0123456789abcdef";
  loaded.settings.jwt.issuer = "me";
  loaded.settings.jwt.audience = "them";
  loaded.settings.jwt.user_claim = "user";
  const auto authenticator = make_authenticator(loaded);
  ASSERT_TRUE(authenticator) << authenticator.error().message;
  const auto user_of = [&](auth::TokenRequest request) -> std::string {
    request.user_id = "alice";
    const auto token = auth::sign_hs256(request, base::wall_from_millis(1'000'000));
    const auto identity =
        authenticator->authenticate({*token, ""}, base::wall_from_millis(1'000'000));
    return identity ? identity->user_id : std::string(base::error_code_name(identity.error().code));
  };
  auth::TokenRequest good;
  good.secret = loaded.settings.jwt.secret;
  good.user_claim = "user";
  good.issuer = "me";
  good.audience = "them";
  EXPECT_EQ(user_of(good), "alice");
  auth::TokenRequest bad = good;
  bad.secret += "x";
  EXPECT_EQ(user_of(bad), "unauthorized");
  bad = good;
  bad.issuer = "you";
  EXPECT_EQ(user_of(bad), "unauthorized");
  bad = good;
  bad.audience = "you";
  EXPECT_EQ(user_of(bad), "unauthorized");
  bad = good;
  bad.user_claim = "sub";
  EXPECT_EQ(user_of(bad), "unauthorized");
}

}  // namespace
}  // namespace app
