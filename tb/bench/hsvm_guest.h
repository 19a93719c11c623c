#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "hsvm_platform.h"

namespace coffer {

inline void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(what);
}

/// A VM, and machine pages for it in an order that no cache likes.
class Guest {
public:
    static constexpr std::uint64_t pages = 8192;

    explicit Guest(HsvmPlatform& platform) : platform_(platform) {
        require(platform.hsvm.controller().create(HsvmCaller::host, {pages, 1, addr_shim(platform)}, vmid) == HsvmStatus::ok,
                "the VM cannot be made");
        std::mt19937_64 random(vmid);
        for (std::uint64_t i = 0; i != pages - 2; ++i) gpns_.push_back(i);
        frames_ = gpns_;
        std::shuffle(gpns_.begin(), gpns_.end(), random);
        std::shuffle(frames_.begin(), frames_.end(), random);
    }
    ~Guest() { platform_.hsvm.controller().delete_vm(HsvmCaller::host, vmid); }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    /// Its shim's page, with that of a vCPU's context behind it, where memory is encrypted.
    static Address addr_shim(const HsvmPlatform& platform) { return platform.combined ? (pages - 2) * page_bytes : 0; }

    Address gpa(std::size_t i) const { return gpns_[i] * page_bytes; }
    Address hpa(std::size_t i) const { return frames_[i] * page_bytes; }
    bool map(std::size_t i, sc_core::sc_time& delay) {
        return platform_.hsvm.perform(delay, [&](HsvmController& h) { return h.page_map(HsvmCaller::host, vmid, gpns_[i], frames_[i]); }) ==
               HsvmStatus::ok;
    }
    void map(std::size_t i) {
        sc_core::sc_time none;
        require(map(i, none), "a page cannot be mapped");
    }
    void map_first(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) map(i);
    }

    Vmid vmid = 0;

private:
    HsvmPlatform& platform_;
    std::vector<Gpn> gpns_;
    std::vector<std::uint64_t> frames_;
};

}  // namespace coffer
