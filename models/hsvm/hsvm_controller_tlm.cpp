#include "hsvm/hsvm_controller_tlm.h"

#include "common/tlm_target.h"
#include "vcpu/walk_target_tlm.h"

namespace coffer {

namespace {

/// The chip region as debug accesses see it.
class PeekChip : public ChipPort {
public:
    PeekChip(BoundTarget& target, Address base) : target_(target), base_(base) {
        payload_.context.mode = Mode::chip;
        payload_.context.vmid = chip_vmid;
    }
    bool read_chip(Address offset, std::uint8_t* data, std::size_t size) override {
        payload_.context.gpa = offset;
        return target_.transport_dbg(payload_.read(base_ + offset, data, size)) == size;
    }
    bool write_chip(Address, const std::uint8_t*, std::size_t) override { return false; }
    bool clear_chip_frame(Address) override { return false; }

private:
    BoundTarget& target_;
    const Address base_;
    ContextPayload payload_;
};

class PeekTranslations : public TranslationPort {
public:
    PeekTranslations(HsvmController& controller, ChipPort& chip) : controller_(controller), chip_(chip) {}
    Translation translate(Vmid vmid, Address gpa, bool write) override { return controller_.peek(chip_, vmid, gpa, write); }
    bool host_may_access(std::uint64_t frame, bool write) override { return controller_.host_may_access(chip_, frame, write); }

private:
    HsvmController& controller_;
    ChipPort& chip_;
};

}  // namespace

HsvmControllerTlm::HsvmControllerTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const Parts& parts)
    : sc_module(name),
      walk_socket("walk_socket"),
      chip_socket("chip_socket"),
      control_socket("control_socket"),
      parameters_(parameters),
      parts_(parts),
      memory_(chip_socket.target(), control_socket.target(), parts.protection, parts.lpids, parameters.fleet_id) {
    walk_socket.serve<&HsvmControllerTlm::walk_b_transport, &HsvmControllerTlm::walk_transport_dbg>(*this);
}

void HsvmControllerTlm::boot() { controller_.emplace(parameters_.hsvm, memory_, static_cast<OrderingPort&>(*this), parts_.keys); }

void HsvmControllerTlm::walk_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    if (!controller_) {
        payload.set_dmi_allowed(false);
        payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        return;
    }
    const Exclusive::Hold hold(exclusive_);
    const Charge charge(memory_, delay);
    const sc_core::sc_time before = delay;
    delay += parameters_.walk_latency;
    serve_walk(payload, *controller_);
    ++walks_;
    walk_time_ += delay - before;
}

unsigned HsvmControllerTlm::walk_transport_dbg(tlm::tlm_generic_payload& payload) {
    if (!controller_) return 0;
    PeekChip chip(chip_socket.target(), parts_.protection.map().chip_base());
    PeekTranslations translations(*controller_, chip);
    return serve_walk_debug(payload, translations);
}

void HsvmControllerTlm::block_fills(const GuestPages&) { parts_.cache.block_fills(memory_.delay()); }

void HsvmControllerTlm::evict_lines(const GuestPages& pages, LastLevelCache::Leaving leaving) {
    if (pages.count > large_pages) return parts_.cache.evict_vm(pages.vmid, leaving);
    for (Gpn gpn = pages.first; gpn < pages.first + pages.count; ++gpn) parts_.cache.evict_page(pages.vmid, gpn, leaving);
}

/// Lines of guests have left with their pages, before a frame came to anybody else; of the host's lines the page is the frame.
void HsvmControllerTlm::evict_frames(std::uint64_t first_frame, std::uint64_t count, LastLevelCache::Leaving leaving) {
    for (std::uint64_t frame = first_frame; frame < first_frame + count; ++frame) parts_.cache.evict_page(host_vmid, frame, leaving);
}

void HsvmControllerTlm::invalidate_pages(const GuestPages& pages) {
    for (TranslationCache* cache : caches_) cache->invalidate_pages(pages.vmid, pages.first, pages.count);
}

void HsvmControllerTlm::invalidate_frames(std::uint64_t first_frame, std::uint64_t count) {
    for (TranslationCache* cache : caches_) cache->invalidate_frames(first_frame, count);
    parts_.cache.withdraw_dmi(first_frame * page_bytes, (first_frame + count) * page_bytes - 1);
}

void HsvmControllerTlm::complete(const GuestPages&) { parts_.cache.unblock_fills(); }

void HsvmControllerTlm::collect(StatisticsGroup& group) const {
    const HsvmController::Statistics s = controller_ ? controller_->statistics() : HsvmController::Statistics{};
    group.add("operations", s.operations, "operations");
    group.add("refused", s.refused, "operations");
    group.add("pages_zeroed", s.pages_zeroed, "pages");
    group.add("counter_blocks", s.counter_blocks, "pages");
    group.add("pages_lost", s.pages_lost, "pages");
    group.add("walks", walks_, "walks");
    group.add("walk_time", walk_time_ / sc_core::sc_time(1, sc_core::SC_NS), "ns");
}

}  // namespace coffer
