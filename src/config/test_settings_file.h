// What tests of settings share: a temporary folder, gone with its owner, and errors as text.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"

namespace sallyport {

inline std::string texts(const std::vector<Error>& errors) {
  std::string out;
  for (const Error& e : errors) out += e.to_text() + "\n";
  return out;
}

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sallyport-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) ? name : std::string();
    ::setenv("SALLYPORT_TEST_SECRET", "from the environment", 1);
    ::setenv("SALLYPORT_TEST_LONG", "0123456789abcdef0123456789abcdef", 1);
    ::unsetenv("SALLYPORT_TEST_NOT_SET");
    write("present", "a secret that is in a file, and long\n");
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  // Private, as a settings file should be.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << text;
    ::chmod(path(name).c_str(), 0600);
    return path(name);
  }

 private:
  std::string path_;
};

}  // namespace sallyport
