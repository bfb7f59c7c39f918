// A PostgreSQL for tests, where its programs are installed: one server for all of them, a database for each place.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "postgres/connection.h"
#include "postgres/postgres_store.h"
#include "store/testing.h"

namespace sallyport::testing_postgres {

// A server in a folder of its own, on a Unix socket, as a user that is not root; ended with the tests.
class Server : public testing::Environment {
 public:
  static Server& the_one() {
    static Server* server = new Server;
    return *server;
  }
  std::string url(const std::string& database) const {
    return "postgres://" + user_ + "@/" + database + "?host=" + folder_ + "&application_name=sallyport-tests";
  }
  bool start() {
    if (tried_) return up_;
    tried_ = true;
    for (const char* place : {"/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"})
      if (std::filesystem::exists(place)) programs_ = place;
    if (programs_.empty()) return false;
    std::string pattern = "/tmp/sp-pg-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    const passwd* me = getpwuid(geteuid());
    user_ = me ? me->pw_name : "postgres";
    if (geteuid() == 0) {
      const passwd* nobody = getpwnam("postgres");
      if (!nobody) return false;
      user_ = "postgres";
      uid_ = nobody->pw_uid;
      gid_ = nobody->pw_gid;
      if (chown(folder_.c_str(), uid_, gid_) != 0) return false;
    }
    const std::string data = folder_ + "/data";
    if (wait_for(run({programs_ + "/initdb", "-D", data, "-U", user_, "-A", "trust", "-E", "UTF8", "--no-sync"})) != 0)
      return false;
    server_ = run({programs_ + "/postgres", "-D", data, "-k", folder_, "-c", "listen_addresses=", "-c", "fsync=off",
                   "-c", "max_connections=200"});
    for (int i = 0; i < 200 && !up_; ++i) {
      up_ = postgres::Connection::open(url("postgres")).has_value();
      if (!up_) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::atexit([] { the_one().stop(); });
    return up_;
  }
  void stop() {
    if (server_ > 0) {
      kill(server_, SIGINT);
      waitpid(server_, nullptr, 0);
      server_ = 0;
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

 private:
  pid_t run(const std::vector<std::string>& words) {
    const pid_t child = fork();
    if (child != 0) return child;
    const int null = ::open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    if (uid_ && (setgid(gid_) != 0 || setuid(uid_) != 0)) _exit(1);
    if (chdir("/") != 0) _exit(1);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(1);
  }
  static int wait_for(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }
  std::string programs_, folder_, user_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  pid_t server_ = 0;
  bool tried_ = false, up_ = false;
};

class PostgresPlace final : public testing_store::StorePlace {
 public:
  PostgresPlace() {
    static int count = 0;
    name_ = "place" + std::to_string(++count);
    auto admin = postgres::Connection::open(Server::the_one().url("postgres"));
    if (admin) {
      EXPECT_TRUE((*admin)->execute(("CREATE DATABASE " + name_).c_str()));
    }
  }
  std::string url() const override { return Server::the_one().url(name_); }

 private:
  std::string name_;
};

}  // namespace sallyport::testing_postgres
