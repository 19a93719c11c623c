#include "platform/guests.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/bytes.h"
#include "common/errors.h"
#include "crypto/sha256.h"
#include "platform/frame_placement.h"
#include "vcpu/trace_reader.h"

namespace coffer {

namespace {

Guest make_guest(const Configuration& c, const TenantConfiguration& tenant, Vmid vmid, const std::string& key) {
    TraceReader trace(tenant.trace_file.string());
    trace.check_all();
    const std::uint64_t touched = trace.info().pages.size();
    if (touched == 0) throw InputError(c.where(key + "trace"), "the trace has no accesses", "a trace of at least one");
    // A trace that is cut may touch fewer pages; the player tells if it does not.
    if (tenant.pages != 0 && tenant.pages < touched && tenant.max_accesses == 0)
        throw InputError(c.where(key + "pages"), fmt::format("the trace touches {} pages", touched), fmt::format("{} or more", touched));

    Guest guest;
    guest.name = tenant.name;
    guest.key = key;
    guest.vmid = vmid;
    guest.trace = tenant.trace_file;
    guest.max_accesses = tenant.max_accesses;
    guest.trace_accesses = tenant.max_accesses == 0 ? trace.info().accesses : std::min(tenant.max_accesses, trace.info().accesses);
    guest.pages = tenant.pages == 0 ? touched : tenant.pages;
    guest.image = tenant.image;
    guest.k_vm = tenant.key ? *tenant.key : model_key(c.seed, "K_vm " + tenant.name);
    return guest;
}

GuestMemoryMap map_of(const std::vector<std::uint64_t>& frames) {
    GuestMemoryMap map;
    for (std::size_t gpn = 0; gpn != frames.size();) {
        std::size_t end = gpn + 1;
        while (end != frames.size() && frames[end] == frames[end - 1] + 1) ++end;
        map.add({gpn, frames[gpn] * page_bytes, end - gpn});
        gpn = end;
    }
    return map;
}

}  // namespace

crypto::Key128 model_key(std::uint64_t seed, std::string_view use) {
    std::array<std::uint8_t, 8> seed_bytes;
    store_le64(seed_bytes.data(), seed);
    const crypto::Digest digest = crypto::sha256({ByteView(std::string_view("coffer model key")), ByteView(seed_bytes), ByteView(use)});
    crypto::Key128 key;
    std::copy_n(digest.begin(), key.size(), key.data());
    return key;
}

std::vector<Guest> place_guests(const Configuration& c) {
    std::vector<Guest> guests;
    std::vector<const TenantConfiguration*> tenants;
    const auto add = [&](const TenantConfiguration& tenant, Vmid vmid, const std::string& key) {
        tenants.push_back(&tenant);
        guests.push_back(make_guest(c, tenant, vmid, key));
    };
    for (std::size_t i = 0; i != c.vms.size(); ++i) add(c.vms[i], static_cast<Vmid>(first_guest_vmid + i), fmt::format("vms[{}].", i));
    if (!c.host.trace.empty()) add(c.host, host_vmid, "host.");

    FramePlacement placement(c.memory.data_bytes / page_bytes);
    std::vector<std::uint64_t> scattered_pages;
    for (std::size_t i = 0; i != guests.size(); ++i) {
        const auto first_frame = tenants[i]->first_frame;
        if (!first_frame) {
            scattered_pages.push_back(guests[i].pages);
            continue;
        }
        placement.take(c.where(guests[i].key + "first_frame"), *first_frame, guests[i].pages);
        guests[i].map.add({0, *first_frame * page_bytes, guests[i].pages});
    }
    const auto frames = placement.scatter(c.where("memory.data_bytes"), scattered_pages, c.seed);
    auto next = frames.begin();
    for (std::size_t i = 0; i != guests.size(); ++i)
        if (!tenants[i]->first_frame) guests[i].map = map_of(*next++);
    return guests;
}

}  // namespace coffer
