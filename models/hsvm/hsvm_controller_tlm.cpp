#include "hsvm/hsvm_controller_tlm.h"

#include "common/register_target_tlm.h"
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

constexpr Address registers_end = HsvmCommands::registers_end;

HsvmCaller caller_of(Mode mode) {
    switch (mode) {
        case Mode::shim: return HsvmCaller::shim;
        case Mode::guest: return HsvmCaller::guest;
        case Mode::device: return HsvmCaller::device;
        default: return HsvmCaller::host;
    }
}

Mode mode_of(HsvmCaller caller) {
    switch (caller) {
        case HsvmCaller::shim: return Mode::shim;
        case HsvmCaller::guest: return Mode::guest;
        case HsvmCaller::device: return Mode::device;
        default: return Mode::host;
    }
}

HsvmRequester requester_of(const tlm::tlm_generic_payload& payload) {
    const auto* context = payload.get_extension<SecurityContext>();
    HsvmRequester requester;
    if (context == nullptr) return requester;
    requester.mode = caller_of(context->mode);
    if (requester.is_vm()) requester.vmid = context->vmid;
    return requester;
}

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
      command_socket("command_socket"),
      walk_socket("walk_socket"),
      chip_socket("chip_socket"),
      control_socket("control_socket"),
      memory_socket("memory_socket"),
      parameters_(parameters),
      parts_(parts),
      memory_(chip_socket.target(), control_socket.target(), parts.protection, parts.lpids, parameters.fleet_id),
      own_registers_(parts.cores == nullptr ? parameters.hsvm.cores : 0) {
    command_socket.serve<&HsvmControllerTlm::command_b_transport, &HsvmControllerTlm::command_transport_dbg>(*this);
    walk_socket.serve<&HsvmControllerTlm::walk_b_transport, &HsvmControllerTlm::walk_transport_dbg>(*this);
}

void HsvmControllerTlm::boot() {
    controller_.emplace(parameters_.hsvm, memory_, static_cast<OrderingPort&>(*this), parts_.keys, parts_.gate);
    CoreRegisters& cores = parts_.cores != nullptr ? *parts_.cores : static_cast<CoreRegisters&>(*this);
    commands_.emplace(*controller_, static_cast<RequesterMemory&>(*this), cores, parameters_.hsvm.cores);
}

void HsvmControllerTlm::command_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, registers_end)) return;
    tlm::tlm_response_status status = commands_ ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE;
    const auto hit = commands_ ? find_register(payload, hsvm_registers::table, 0, 1, status) : std::nullopt;
    if (hit) {
        const Exclusive::Hold hold(exclusive_);
        const Charge charge = memory_.charge(delay);
        delay += parameters_.register_latency;
        const HsvmRequester requester = requester_of(payload);
        std::uint8_t* const data = payload.get_data_ptr();
        if (payload.is_read()) {
            commands_->read(requester, *hit, data, payload.get_data_length());
        } else if (static_cast<HsvmCommands::Register>(hit->index) != HsvmCommands::Register::operation) {
            commands_->write(requester, *hit, data, payload.get_data_length());
        } else {
            delay += parameters_.operation_latency;
            const HsvmController::Statistics before = controller_->statistics();
            commands_->start(requester, load_le64(data));
            delay += cryptography_since(before);
        }
    }
    payload.set_response_status(status);
}

sc_core::sc_time HsvmControllerTlm::cryptography_since(const HsvmController::Statistics& before) const {
    const HsvmController::Statistics& now = controller_->statistics();
    return parameters_.hash_block_latency * static_cast<double>(now.hash_blocks - before.hash_blocks) +
           parameters_.private_key_latency * static_cast<double>(now.private_key_uses - before.private_key_uses) +
           parameters_.public_key_latency * static_cast<double>(now.public_key_uses - before.public_key_uses);
}

unsigned HsvmControllerTlm::command_transport_dbg(tlm::tlm_generic_payload& payload) {
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
    if (!commands_ || !payload.is_read() || debug_length(payload, registers_end) != payload.get_data_length()) return 0;
    const auto hit = find_register(payload, hsvm_registers::table, 0, 1, status);
    if (!hit) return 0;
    commands_->read(requester_of(payload), *hit, payload.get_data_ptr(), payload.get_data_length());
    return payload.get_data_length();
}

Translation HsvmControllerTlm::locate(const HsvmRequester& requester, Address page, bool write) {
    if (requester.is_vm()) return controller_->translate(requester.vmid, page, write);
    if (!controller_->host_may_access(page_of(page), write)) return {TranslationFault::refused, 0, false, false};
    return {TranslationFault::none, page, false, write};
}

bool HsvmControllerTlm::allows(const HsvmRequester& requester, Address address, std::uint64_t bytes, bool write) {
    if (bytes == 0) return true;
    if (bytes - 1 > ~address) return false;
    const std::uint64_t last = page_of(address + bytes - 1);
    for (std::uint64_t page = page_of(address); page <= last; ++page)
        if (locate(requester, page * page_bytes, write).fault != TranslationFault::none) return false;
    return true;
}

bool HsvmControllerTlm::read(const HsvmRequester& requester, Address address, std::uint8_t* data, std::size_t bytes) {
    return transfer(requester, tlm::TLM_READ_COMMAND, address, data, bytes);
}

bool HsvmControllerTlm::write(const HsvmRequester& requester, Address address, const std::uint8_t* data, std::size_t bytes) {
    return transfer(requester, tlm::TLM_WRITE_COMMAND, address, const_cast<std::uint8_t*>(data), bytes);
}

bool HsvmControllerTlm::transfer(const HsvmRequester& requester, tlm::tlm_command command, Address address, std::uint8_t* data, std::size_t bytes) {
    return for_each_piece(address, data, bytes, page_bytes, [&](Address first, std::uint8_t* piece, unsigned size) {
        const Translation place = locate(requester, page_base(first), command == tlm::TLM_WRITE_COMMAND);
        if (place.fault != TranslationFault::none) return false;
        SecurityContext& context = buffer_payload_.context;
        context.vmid = requester.vmid;
        context.mode = mode_of(requester.mode);
        context.gpa = first;
        context.raw = place.raw;
        tlm::tlm_generic_payload& payload = buffer_payload_.prepare(command, page_base(place.hpa) + first % page_bytes, piece, size);
        memory_socket.b_transport(payload, memory_.delay());
        return payload.is_response_ok();
    });
}

void HsvmControllerTlm::walk_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    if (!controller_) {
        payload.set_dmi_allowed(false);
        payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        return;
    }
    const Exclusive::Hold hold(exclusive_);
    const Charge charge = memory_.charge(delay);
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

void HsvmControllerTlm::take_off(Vmid vmid) {
    for (unsigned core = 0; core < own_registers_.size(); ++core)
        if (controller_->running(core) == vmid) own_registers_[core] = {};
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
    group.add("hash_blocks", s.hash_blocks, "blocks");
    group.add("private_key_uses", s.private_key_uses, "uses");
    group.add("public_key_uses", s.public_key_uses, "uses");
    group.add("walks", walks_, "walks");
    group.add("walk_time", walk_time_ / sc_core::sc_time(1, sc_core::SC_NS), "ns");
}

}  // namespace coffer
