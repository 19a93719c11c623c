// What the H-SVM controller does once its decision is ok.
#include <algorithm>

#include "crypto/aes_gcm.h"
#include "hsvm/hsvm_controller.h"
#include "hsvm/launch_measurement.h"

namespace coffer {

namespace {

using Leaving = LastLevelCache::Leaving;

Address address_of(std::uint64_t page) { return page * page_bytes; }

/// As lines have them: the GPN, then zeros.
Block16 additional_data_of(Gpn gpn) {
    Block16 data{};
    store_le64(data.data(), gpn);
    return data;
}

}  // namespace

/// Begins a change to pages of the VM; `frames`: those that they leave or come to.
HsvmChange HsvmController::begin_change(Vm& vm, Gpn first, std::uint64_t count, Leaving leaving, const std::vector<FrameRange>& frames) {
    return {memory_, ordering_, &vm.table, {vm.record.vmid, first, count}, leaving, frames};
}

/// The page is the VM's alone, in this frame.
void HsvmController::give(Vm& vm, Gpn gpn, std::uint64_t frame) {
    owners_.set(frame, {vm.record.vmid, OwnershipState::owned, false, host_vmid, gpn});
    vm.table.set(gpn, NptEntry::mapped(frame));
}

void HsvmController::zero_frame(std::uint64_t frame) {
    const Block64 zeros{};
    for (Address line = address_of(frame); line < address_of(frame + 1); line += line_bytes) memory_.write_raw(line, zeros.data(), zeros.size());
    ++statistics_.pages_zeroed;
}

HsvmStatus HsvmController::clear_new_page(Vmid vmid, Gpn gpn, std::uint64_t frame) {
    if (!encrypted_) {
        zero_frame(frame);
        return HsvmStatus::ok;
    }
    if (const MaybeViolation violation = memory_.shred_page(vmid, address_of(gpn), address_of(frame)))
        return violation->check == Check::lpid_exhausted ? HsvmStatus::exhausted : HsvmStatus::violated;
    ++statistics_.counter_blocks;
    return HsvmStatus::ok;
}

/// Before an operation that needs fresh LPIDs for pages: a check that fails for want of one would stop the VM. Each page of the chip region may
/// need one on the way.
bool HsvmController::lpids_for(std::uint64_t pages) const {
    return !encrypted_ || memory_.lpids_left() >= pages + layout().end_frame - layout().data_frames;
}

/// A 2 MiB mapping is all or nothing: pages that got their counter blocks are empty again.
void HsvmController::undo_new_pages(Vmid vmid, Gpn gpn, std::uint64_t frame, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
        // Where the VM was stopped its leaves stay; but no block of it may go back to a frame that is free.
        if (!set_leaf(vmid, gpn + i, frame + i, false)) memory_.settle_page(vmid, address_of(gpn + i), address_of(frame + i));
}

bool HsvmController::set_leaf(Vmid vmid, Gpn gpn, std::uint64_t frame, bool lost) {
    const bool mark = lost && tree_;
    return !(mark ? memory_.lose_page(vmid, address_of(gpn), address_of(frame)) : memory_.release_page(vmid, address_of(gpn), address_of(frame)));
}

/// A private page leaves its frame for good: nothing of it can be read there.
bool HsvmController::give_up(Vmid vmid, Gpn gpn, std::uint64_t frame, bool lost) {
    statistics_.pages_lost += lost;
    if (encrypted_) return set_leaf(vmid, gpn, frame, lost);
    zero_frame(frame);
    return true;
}

HsvmStatus HsvmController::map_private(Vm& vm, Gpn gpn, std::uint64_t frame, std::uint64_t count) {
    const bool large = count == large_pages;
    const Vmid vmid = vm.record.vmid;
    if (!lpids_for(count)) return HsvmStatus::exhausted;
    if (!(large ? vm.table.prepare_large(gpn) : vm.table.prepare(gpn))) return HsvmStatus::no_room;
    const HsvmChange change = begin_change(vm, gpn, count, Leaving::write_back, {{frame, count}});
    for (std::uint64_t i = 0; i < count; ++i)
        if (const HsvmStatus status = clear_new_page(vmid, gpn + i, frame + i); status != HsvmStatus::ok) {
            undo_new_pages(vmid, gpn, frame, i + 1);
            return status;
        }
    for (std::uint64_t i = 0; i < count; ++i) owners_.set(frame + i, {vmid, OwnershipState::owned, false, host_vmid, gpn + i});
    large ? vm.table.set_large(gpn, NptEntry::mapped(frame)) : vm.table.set(gpn, NptEntry::mapped(frame));
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::map_borrowed(Vm& vm, Gpn gpn, std::uint64_t frame) {
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {{frame}});
    OwnershipEntry entry = owners_.entry(frame);
    entry.lent = true;
    owners_.set(frame, entry);
    const std::uint64_t write = entry.state == OwnershipState::shared_read_write ? NptEntry::write_bit : 0;
    vm.table.set(gpn, NptEntry::of(frame, NptEntry::present_bit | NptEntry::shared_bit | write));
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::take_private(Vm& vm, Gpn gpn, std::uint64_t count, bool lost) {
    const bool large = count == large_pages && !vm.table.large_entry(gpn).empty();
    if (!large && !vm.table.prepare(gpn)) return HsvmStatus::no_room;
    std::vector<FrameRange> frames;
    for (std::uint64_t i = 0; i < count; ++i) frames.push_back({vm.table.entry(gpn + i).frame()});
    const HsvmChange change = begin_change(vm, gpn, count, Leaving::drop, frames);

    bool good = true;
    for (std::uint64_t i = 0; i < count; ++i) {
        good = give_up(vm.record.vmid, gpn + i, frames[i].first, lost) && good;
        owners_.set(frames[i].first, {});
    }
    // Where a leaf could not be changed, the page must not look empty.
    const NptEntry left{lost || !good ? NptEntry::lost_bit : 0};
    if (large)
        vm.table.set_large(gpn, left);
    else
        for (std::uint64_t i = 0; i < count; ++i) vm.table.set(gpn + i, left);
    return good ? HsvmStatus::ok : HsvmStatus::violated;
}

/// A page that is swapped out or lost has no frame.
HsvmStatus HsvmController::take_absent(Vm& vm, Gpn gpn, bool lost) {
    if (!vm.table.prepare(gpn)) return HsvmStatus::no_room;
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::drop, {});
    if (tree_ && !set_leaf(vm.record.vmid, gpn, 0, lost)) return HsvmStatus::violated;
    const NptEntry entry = vm.table.entry(gpn);
    if (!encrypted_ && entry.swapped()) swap_.release(entry.frame());
    vm.table.set(gpn, {lost ? NptEntry::lost_bit : 0});
    statistics_.pages_lost += lost;
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::take_shared(Vm& vm, Gpn gpn) {
    const std::uint64_t frame = vm.table.entry(gpn).frame();
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::drop, {{frame}});
    if (tree_ && !set_leaf(vm.record.vmid, gpn, frame, true)) return HsvmStatus::violated;
    zero_frame(frame);
    owners_.set(frame, {});
    vm.table.set(gpn, {NptEntry::lost_bit});
    ++statistics_.pages_lost;
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::return_borrowed(Vm& vm, Gpn gpn, bool await_again) {
    const std::uint64_t frame = vm.table.entry(gpn).frame();
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {{frame}});
    OwnershipEntry entry = owners_.entry(frame);
    entry.lent = false;
    owners_.set(frame, entry);
    vm.table.set(gpn, await_again ? NptEntry::of(entry.owner, NptEntry::shared_bit) : NptEntry{});
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::share_page(Vm& vm, Gpn gpn, Vmid sharer, bool writable) {
    if (!vm.table.prepare(gpn)) return HsvmStatus::no_room;
    const Vmid vmid = vm.record.vmid;
    const std::uint64_t frame = vm.table.entry(gpn).frame();
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {{frame}});
    if (encrypted_ && !set_leaf(vmid, gpn, frame, false)) return HsvmStatus::violated;
    zero_frame(frame);
    owners_.set(frame, {vmid, writable ? OwnershipState::shared_read_write : OwnershipState::shared_read_only, false, sharer, gpn});
    vm.table.set(gpn, NptEntry::of(frame, NptEntry::present_bit | NptEntry::write_bit | NptEntry::shared_bit));
    return HsvmStatus::ok;
}

/// Begins to await a shared page where there was none, or gives it up.
HsvmStatus HsvmController::await_page(Vm& vm, Gpn gpn, NptEntry entry) {
    if (!vm.table.prepare(gpn)) return HsvmStatus::no_room;
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {});
    vm.table.set(gpn, entry);
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::unshare_page(Vm& vm, Gpn gpn) {
    const Vmid vmid = vm.record.vmid;
    const std::uint64_t frame = vm.table.entry(gpn).frame();
    if (!lpids_for(1)) return HsvmStatus::exhausted;
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::drop, {{frame}});
    if (const HsvmStatus status = clear_new_page(vmid, gpn, frame); status != HsvmStatus::ok) return status;
    give(vm, gpn, frame);
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::move(Vm& vm, Gpn gpn, std::uint64_t frame) {
    if (!vm.table.prepare(gpn)) return HsvmStatus::no_room;
    const Vmid vmid = vm.record.vmid;
    const std::uint64_t old_frame = vm.table.entry(gpn).frame();
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {{old_frame}, {frame}});
    if (memory_.frozen(vmid) || memory_.move_page(vmid, address_of(gpn), address_of(old_frame), address_of(frame))) return HsvmStatus::violated;
    if (!encrypted_) zero_frame(old_frame);
    give(vm, gpn, frame);
    owners_.set(old_frame, {});
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::swap_out_encrypted(Vm& vm, Gpn gpn, Bytes& image) {
    if (!vm.table.prepare(gpn)) return HsvmStatus::no_room;
    const Vmid vmid = vm.record.vmid;
    const std::uint64_t frame = vm.table.entry(gpn).frame();
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {{frame}});
    if (memory_.frozen(vmid)) return HsvmStatus::violated;
    const AddressMap& map = memory_.map();
    const std::size_t tags = lines_per_page * map.tag_bytes();
    image.resize(swap_image_bytes());
    memory_.read_raw(address_of(frame), image.data(), page_bytes);
    memory_.read_raw(map.tag_of(address_of(frame)), image.data() + page_bytes, tags);
    memory_.read_raw(map.counter_of(address_of(frame)), image.data() + page_bytes + tags, line_bytes);
    owners_.set(frame, {});
    vm.table.set(gpn, {NptEntry::swapped_bit});
    return HsvmStatus::ok;
}

HsvmStatus HsvmController::swap_out_plain(Vm& vm, Gpn gpn, Bytes& image) {
    if (!vm.table.prepare(gpn)) return HsvmStatus::no_room;
    const auto record = swap_.allocate();
    if (!record) return HsvmStatus::no_room;
    const Vmid vmid = vm.record.vmid;
    const std::uint64_t frame = vm.table.entry(gpn).frame();
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {{frame}});
    if (!seal_page(vmid, gpn, frame, *record, image)) {
        swap_.release(*record);
        return HsvmStatus::exhausted;
    }
    zero_frame(frame);
    owners_.set(frame, {});
    vm.table.set(gpn, NptEntry::of(*record, NptEntry::swapped_bit));
    return HsvmStatus::ok;
}

bool HsvmController::seal_page(Vmid vmid, Gpn gpn, std::uint64_t frame, std::uint64_t record, Bytes& image) {
    Lpid lpid = 0;
    if (!memory_.fresh_lpid(lpid)) return false;
    SwapDirectory::Record sealed;
    store_le64(sealed.iv.data(), lpid);
    crypto::Secret<page_bytes> page;
    memory_.read_raw(address_of(frame), page.data(), page.size());
    image = crypto::gcm_seal(memory_.swap_key(vmid).view(), sealed.iv, additional_data_of(gpn), page.view());
    std::copy(image.end() - 16, image.end(), sealed.tag.begin());
    image.resize(page_bytes);
    swap_.write(record, sealed);
    return true;
}

bool HsvmController::open_page(Vmid vmid, Gpn gpn, std::uint64_t frame, std::uint64_t record, ByteView image) {
    if (image.size != page_bytes) return false;
    const SwapDirectory::Record sealed = swap_.read(record);
    Bytes box(image.begin(), image.end());
    box.insert(box.end(), sealed.tag.begin(), sealed.tag.end());
    Bytes page;
    if (!crypto::gcm_open(memory_.swap_key(vmid).view(), sealed.iv, additional_data_of(gpn), box, page)) return false;
    memory_.write_raw(address_of(frame), page.data(), page.size());
    crypto::wipe(page.data(), page.size());
    swap_.release(record);
    return true;
}

/// The frame is the host's until the tree has vouched for what was copied there.
bool HsvmController::copy_in(Vmid vmid, Gpn gpn, std::uint64_t frame, ByteView image) {
    const AddressMap& map = memory_.map();
    const std::size_t tags = lines_per_page * map.tag_bytes();
    if (image.size != swap_image_bytes()) return false;
    memory_.write_raw(address_of(frame), image.data, page_bytes);
    memory_.write_raw(map.tag_of(address_of(frame)), image.data + page_bytes, tags);
    memory_.write_raw(map.counter_of(address_of(frame)), image.data + page_bytes + tags, line_bytes);
    return memory_.verify_page(vmid, address_of(gpn), address_of(frame));
}

HsvmStatus HsvmController::swap_in(Vm& vm, Gpn gpn, std::uint64_t frame, ByteView image) {
    // A page that came with its VM's tree has no table yet.
    if (!vm.table.prepare(gpn)) return HsvmStatus::no_room;
    const Vmid vmid = vm.record.vmid;
    const std::uint64_t record = vm.table.entry(gpn).frame();
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {{frame}});
    if (!(encrypted_ ? copy_in(vmid, gpn, frame, image) : open_page(vmid, gpn, frame, record, image))) return HsvmStatus::not_authentic;
    give(vm, gpn, frame);
    return HsvmStatus::ok;
}

/// The lines of a vCPU's context where memory is encrypted; false where one could not be moved. The page's first line is the shim's: it says what
/// became of the context behind it.
bool HsvmController::move_context(Vm& vm, std::uint32_t vcpu, const MoveLine& move_line) {
    const Gpn gpn = context_gpn(vm, vcpu);
    const Address frame = address_of(vm.table.entry(gpn).frame());
    const HsvmChange change = begin_change(vm, gpn, 1, Leaving::write_back, {});
    for (std::size_t at = 0; at < context_bytes; at += line_bytes)
        if (!move_line(address_of(gpn) + line_bytes + at, frame + line_bytes + at, at)) return false;
    return true;
}

bool HsvmController::save(Vm& vm, std::uint32_t vcpu, const ContextBytes& context) {
    if (encrypted_)
        return move_context(vm, vcpu, [&](Address gpa, Address hpa, std::size_t at) {
            return memory_.write_line(vm.record.vmid, gpa, hpa, context.data() + at);
        });
    contexts_.write(vm.record.first_context, vcpu, context);
    return true;
}

bool HsvmController::restore(Vm& vm, std::uint32_t vcpu, ContextBytes& context) {
    if (encrypted_)
        return move_context(vm, vcpu, [&](Address gpa, Address hpa, std::size_t at) {
            return memory_.read_line(vm.record.vmid, gpa, hpa, context.data() + at);
        });
    context = contexts_.read(vm.record.first_context, vcpu);
    return true;
}

/// Pages that the VM has in memory, from `first` on: whole lines, with zeros behind the last byte.
bool HsvmController::write_pages(Vm& vm, Gpn first, ByteView bytes) {
    const Vmid vmid = vm.record.vmid;
    const HsvmChange change = begin_change(vm, first, divide_up(bytes.size, page_bytes), Leaving::write_back, {});
    Address frame = 0;
    for (std::size_t at = 0; at < bytes.size; at += line_bytes) {
        if (at % page_bytes == 0) frame = address_of(vm.table.entry(first + at / page_bytes).frame());
        Block64 line{};
        std::copy_n(bytes.data + at, std::min<std::size_t>(line_bytes, bytes.size - at), line.begin());
        if (!memory_.write_line(vmid, address_of(first) + at, frame + at % page_bytes, line.data())) return false;
    }
    return true;
}

/// The first context of a VM, as its owner prepared it: VM-Shim starts from there.
bool HsvmController::set_first_context(Vm& vm, const ContextBytes& context) {
    if (!encrypted_) {
        contexts_.write(vm.record.first_context, 0, context);
        return true;
    }
    const Block64 header = encode_header({});
    Bytes page(header.begin(), header.end());
    page.insert(page.end(), context.begin(), context.end());
    return write_pages(vm, context_gpn(vm, 0), page);
}

HsvmStatus HsvmController::launch(Vm& vm, Gpn first, ByteView image, const ContextBytes& context) {
    // Before the first page: a launch that fails halfway leaves pages that nobody has measured, and must not be followed by another.
    vm.record.used = true;
    records_.write(vm.record);
    if (!write_pages(vm, first, image) || !set_first_context(vm, context)) return HsvmStatus::violated;
    records_.set_measurement(vm.record.vmid, launch_measurement(vm.record, first, image, context));
    statistics_.hash_blocks += launch_measurement_blocks(image.size);
    return HsvmStatus::ok;
}

/// Memory is cleared before the table that says what there is to clear goes.
void HsvmController::end(Vm& vm) {
    const Vmid vmid = vm.record.vmid;
    take_off_cores(vmid);
    std::vector<FrameRange> frames;
    vm.table.for_each([&](Gpn, NptEntry entry, std::uint64_t pages) {
        if (entry.present()) frames.push_back({entry.frame(), pages});
    });
    const HsvmChange change(memory_, ordering_, nullptr, {vmid, 0, vm.record.pages}, Leaving::drop, frames);
    vm.table.for_each([&](Gpn, NptEntry entry, std::uint64_t pages) {
        if (!encrypted_ && entry.swapped()) swap_.release(entry.frame());
        for (std::uint64_t frame = entry.frame(); entry.present() && frame < entry.frame() + pages; ++frame) {
            OwnershipEntry owner = owners_.entry(frame);
            const bool borrowed = owner.owner != vmid;
            if (!borrowed && (!encrypted_ || entry.shared())) zero_frame(frame);
            owner.lent = false;
            owners_.set(frame, borrowed ? owner : OwnershipEntry{});
        }
    });
    memory_.uninstall(vmid);
    vm.table.destroy();
    contexts_.destroy(vm.record.first_context);
    records_.erase(vmid);
    // Of a VM that was moved or uninstalled the log knows already.
    if (gate_ != nullptr && gate_->vm(vmid) != nullptr) (void)gate_->end(vmid, std::nullopt);
    first_free_vmid_ = std::min<unsigned>(first_free_vmid_, vmid);
    if (keeper_ != nullptr) keeper_->forget(vmid);
}

}  // namespace coffer
