// CounterBlock, generated from models/aise/counter_block_synth.h by scripts/regenerate: do not edit.
module counter_block (
	clk,
	rst_n,
	in_valid,
	in_ready,
	in_operation,
	in_block,
	in_line,
	in_fresh_lpid,
	in_lpid_floor,
	in_chip,
	out_valid,
	out_ready,
	out_block,
	out_lpid,
	out_minor,
	out_overflow,
	out_stale,
	out_reencrypt
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output reg in_ready;
	input wire [1:0] in_operation;
	input wire [511:0] in_block;
	input wire [5:0] in_line;
	input wire [63:0] in_fresh_lpid;
	input wire [63:0] in_lpid_floor;
	input wire [15:0] in_chip;
	output reg out_valid;
	input wire out_ready;
	output reg [511:0] out_block;
	output reg [63:0] out_lpid;
	output reg [6:0] out_minor;
	output reg out_overflow;
	output reg out_stale;
	output reg [63:0] out_reencrypt;
	reg valid_;
	reg [511:0] block_;
	reg [511:0] next_block_;
	reg [6:0] next_minor_;
	reg next_overflow_;
	reg next_stale_;
	reg [63:0] next_reencrypt_;
	localparam [31:0] next = 1;
	localparam [31:0] overflow = 2;
	localparam [31:0] shred = 3;
	localparam [31:0] lines = 64;
	localparam [31:0] minor_bits = 7;
	localparam [31:0] lpid_bits = 64;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : operate
		reg [511:0] block;
		reg [63:0] lpid;
		reg [63:0] one;
		reg [63:0] selected;
		reg [63:0] TMP_0;
		reg [63:0] written;
		reg [63:0] written_1;
		reg [6:0] TMP_2;
		reg [6:0] minor;
		reg [6:0] own;
		reg [6:0] minor_1;
		reg [6:0] counted;
		reg [31:0] operation;
		reg is_next;
		reg is_overflow;
		reg moves;
		reg at_end;
		reg is_stale;
		reg counts;
		reg [511:0] result;
		reg [63:0] none;
		reg [63:0] others;
		if (_sv2v_0)
			;
		block = in_block;
		lpid = block[63:0];
		one = 1'd1;
		selected = one <<< in_line;
		written = 1'sb0;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < lines; i = i + 1)
				written[i] = |block[lpid_bits + (minor_bits * i)+:7];
		end
		TMP_0 = written;
		written_1 = TMP_0;
		minor = 1'sb0;
		begin : sv2v_autoblock_2
			reg [31:0] i_1;
			for (i_1 = 0; i_1 < lines; i_1 = i_1 + 1)
				begin
					own = block[lpid_bits + (minor_bits * i_1)+:7];
					minor = minor | (selected[i_1] ? own : 7'd0);
				end
		end
		TMP_2 = minor;
		minor_1 = TMP_2;
		counted = minor_1 + 1'd1;
		operation = sv2v_cast_32(in_operation);
		is_next = operation == next;
		is_overflow = operation == overflow;
		moves = is_overflow || (operation == shred);
		at_end = &minor_1;
		is_stale = (lpid < in_lpid_floor) || (lpid[63:48] != in_chip);
		counts = (is_next && !at_end) && !is_stale;
		result = block;
		if (moves)
			result[63:0] = in_fresh_lpid;
		begin : sv2v_autoblock_3
			reg [31:0] i_2;
			for (i_2 = 0; i_2 < lines; i_2 = i_2 + 1)
				if (moves)
					result[lpid_bits + (minor_bits * i_2)+:7] = (is_overflow && (written_1[i_2] || selected[i_2]) ? 1 : 0);
				else if (counts && selected[i_2])
					result[lpid_bits + (minor_bits * i_2)+:7] = counted;
		end
		next_block_ = result;
		none = 1'sb0;
		others = written_1 & ~selected;
		if (moves)
			next_minor_ = (is_overflow ? 1 : 0);
		else
			next_minor_ = (counts ? counted : minor_1);
		next_overflow_ = is_next && at_end;
		next_stale_ = is_next && is_stale;
		next_reencrypt_ = (is_overflow || (is_next && !counts) ? others : none);
	end
	always @(*) begin : drive_outputs
		if (_sv2v_0)
			;
		in_ready = !valid_ || out_ready;
		out_valid = valid_;
		out_block = block_;
		out_lpid = block_[63:0];
	end
	reg valid__next;
	task keep_valid_func;
		begin
			valid__next = valid_;
			if (in_ready)
				valid__next = in_valid;
		end
	endtask
	always @(in_valid or in_ready or valid_ or _sv2v_0) begin : keep_valid_comb
		if (_sv2v_0)
			;
		keep_valid_func;
	end
	always @(posedge clk) begin : keep_valid_ff
		if (~rst_n)
			valid_ <= 1'sb0;
		else
			valid_ <= valid__next;
	end
	reg [511:0] block__next;
	reg [6:0] out_minor_next;
	reg out_overflow_next;
	reg out_stale_next;
	reg [63:0] out_reencrypt_next;
	task keep_answer_func;
		begin
			block__next = block_;
			out_minor_next = out_minor;
			out_overflow_next = out_overflow;
			out_reencrypt_next = out_reencrypt;
			out_stale_next = out_stale;
			if (in_ready && in_valid) begin
				block__next = next_block_;
				out_minor_next = next_minor_;
				out_overflow_next = next_overflow_;
				out_stale_next = next_stale_;
				out_reencrypt_next = next_reencrypt_;
			end
		end
	endtask
	always @(next_reencrypt_ or next_stale_ or next_overflow_ or next_minor_ or next_block_ or in_valid or in_ready or out_stale or out_reencrypt or out_overflow or out_minor or block_ or _sv2v_0) begin : keep_answer_comb
		if (_sv2v_0)
			;
		keep_answer_func;
	end
	always @(posedge clk) begin : keep_answer_ff
		block_ <= block__next;
		out_minor <= out_minor_next;
		out_overflow <= out_overflow_next;
		out_stale <= out_stale_next;
		out_reencrypt <= out_reencrypt_next;
	end
	initial _sv2v_0 = 0;
endmodule
