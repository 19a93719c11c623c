// Cmac<SboxKind::gates>, generated from models/crypto/cmac_synth.h by scripts/regenerate: do not edit.
module cmac (
	clk,
	rst_n,
	in_valid,
	in_ready,
	in_derive,
	in_key,
	in_subkey,
	in_level,
	in_index,
	in_node,
	out_valid,
	out_ready,
	out_tag
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output reg in_ready;
	input wire in_derive;
	input wire [127:0] in_key;
	input wire [127:0] in_subkey;
	input wire [63:0] in_level;
	input wire [63:0] in_index;
	input wire [511:0] in_node;
	output reg out_valid;
	input wire out_ready;
	output reg [127:0] out_tag;
	reg aes_in_valid_;
	wire aes_in_ready_;
	reg [127:0] aes_in_block_;
	reg [127:0] aes_in_key_;
	wire aes_out_valid_;
	reg aes_out_ready_;
	wire [127:0] aes_out_block_;
	reg [127:0] first_block_;
	reg [511:0] first_rest_;
	reg [2:0] first_left_;
	reg first_empty_;
	reg [511:0] next_rest_;
	reg [2:0] next_left_;
	reg next_derives_;
	reg next_empty_;
	reg [127:0] next_tag_;
	reg [5631:0] rest_;
	reg [1407:0] key_;
	reg [32:0] left_;
	reg [10:0] derives_;
	reg [10:0] empty_;
	reg returns_;
	reg completes_;
	reg valid_;
	localparam [31:0] end_v = 10;
	always @(*) begin : handshake
		reg complete;
		reg returns;
		reg tag_waits;
		if (_sv2v_0)
			;
		complete = left_[30+:3] == 1'd0;
		returns = aes_out_valid_ && !complete;
		tag_waits = valid_ && !out_ready;
		returns_ = returns;
		aes_in_valid_ = returns || in_valid;
		completes_ = (aes_out_valid_ && complete) && !tag_waits;
		out_valid = valid_;
	end
	always @(*) begin : let_go
		if (_sv2v_0)
			;
		aes_out_ready_ = ((left_[30+:3] != 1'd0) || !valid_) || out_ready;
	end
	always @(*) begin : accept
		if (_sv2v_0)
			;
		in_ready = aes_in_ready_ && !returns_;
	end
	always @(*) begin : begin_tag
		reg [63:0] level;
		reg [63:0] index;
		reg [511:0] node;
		reg [127:0] position;
		reg [511:0] rest;
		reg derives;
		if (_sv2v_0)
			;
		level = in_level;
		index = in_index;
		node = in_node;
		position = 1'sb0;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < 8; i = i + 1)
				begin
					position[120 - (8 * i)+:8] = level[8 * i+:8];
					position[56 - (8 * i)+:8] = index[8 * i+:8];
				end
		end
		rest = node;
		rest[127:0] = in_subkey ^ node[127:0];
		derives = in_derive;
		if (derives)
			position = 1'sb0;
		first_block_ = position;
		first_rest_ = rest;
		first_left_ = (derives ? 0 : 4);
		first_empty_ = (!derives && |level) && !(|node);
	end
	always @(*) begin : choose_block
		reg [511:0] rest;
		if (_sv2v_0)
			;
		rest = rest_[5120+:512];
		if (returns_) begin
			aes_in_block_ = aes_out_block_ ^ rest[511:384];
			aes_in_key_ = key_[1280+:128];
			next_rest_ = rest <<< 128;
			next_left_ = left_[30+:3] - 1'd1;
			next_derives_ = derives_[end_v];
			next_empty_ = empty_[end_v];
		end
		else begin
			aes_in_block_ = first_block_;
			aes_in_key_ = in_key;
			next_rest_ = first_rest_;
			next_left_ = first_left_;
			next_derives_ = in_derive;
			next_empty_ = first_empty_;
		end
	end
	always @(*) begin : make_tag
		reg [127:0] block;
		reg [127:0] all_but_lowest;
		reg [127:0] reduction;
		reg [127:0] tag;
		if (_sv2v_0)
			;
		block = aes_out_block_;
		all_but_lowest = block;
		all_but_lowest[120] = 1'sb0;
		reduction = 1'sb0;
		if (block[127])
			reduction = 'h87;
		tag = block;
		if (derives_[end_v]) begin
			tag = block <<< 1;
			tag = tag ^ reduction;
		end
		else if (empty_[end_v])
			tag = 1'sb0;
		else if (!(|all_but_lowest))
			tag[121] = 1'd1;
		next_tag_ = tag;
	end
	reg valid__next;
	task keep_valid_func;
		begin
			valid__next = valid_;
			if (completes_)
				valid__next = 1;
			else if (out_ready)
				valid__next = 1'sb0;
		end
	endtask
	always @(out_ready or completes_ or valid_ or _sv2v_0) begin : keep_valid_comb
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
	reg [5631:0] rest__next;
	reg [1407:0] key__next;
	reg [32:0] left__next;
	reg [10:0] derives__next;
	reg [10:0] empty__next;
	task move_func;
		begin
			derives__next = derives_;
			empty__next = empty_;
			key__next = key_;
			left__next = left_;
			rest__next = rest_;
			if (aes_in_ready_) begin
				rest__next[0+:512] = next_rest_;
				key__next[0+:128] = aes_in_key_;
				left__next[0+:3] = next_left_;
				derives__next[0] = next_derives_;
				empty__next[0] = next_empty_;
				begin : sv2v_autoblock_2
					reg [31:0] i;
					for (i = 0; i < end_v; i = i + 1)
						begin
							rest__next[(i + 1) * 512+:512] = rest_[i * 512+:512];
							key__next[(i + 1) * 128+:128] = key_[i * 128+:128];
							left__next[(i + 1) * 3+:3] = left_[i * 3+:3];
							derives__next[i + 1] = derives_[i];
							empty__next[i + 1] = empty_[i];
						end
				end
			end
		end
	endtask
	always @(empty_ or derives_ or left_ or key_ or rest_ or next_empty_ or next_derives_ or next_left_ or aes_in_key_ or next_rest_ or aes_in_ready_ or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		rest_ <= rest__next;
		key_ <= key__next;
		left_ <= left__next;
		derives_ <= derives__next;
		empty_ <= empty__next;
	end
	reg [127:0] out_tag_next;
	task keep_tag_func;
		begin
			out_tag_next = out_tag;
			if (completes_)
				out_tag_next = next_tag_;
		end
	endtask
	always @(next_tag_ or completes_ or out_tag or _sv2v_0) begin : keep_tag_comb
		if (_sv2v_0)
			;
		keep_tag_func;
	end
	always @(posedge clk) begin : keep_tag_ff
		out_tag <= out_tag_next;
	end
	cmac_AesPipeline aes_(
		.clk(clk),
		.rst_n(rst_n),
		.in_valid(aes_in_valid_),
		.in_ready(aes_in_ready_),
		.in_block(aes_in_block_),
		.in_key(aes_in_key_),
		.out_valid(aes_out_valid_),
		.out_ready(aes_out_ready_),
		.out_block(aes_out_block_)
	);
	initial _sv2v_0 = 0;
endmodule
module cmac_AesPipeline (
	clk,
	rst_n,
	in_valid,
	in_ready,
	in_block,
	in_key,
	out_valid,
	out_ready,
	out_block
);
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output wire in_ready;
	input wire [127:0] in_block;
	input wire [127:0] in_key;
	output wire out_valid;
	input wire out_ready;
	output wire [127:0] out_block;
	wire [1279:0] round_key;
	wire advance;
	cmac_PipelineControl control(
		.clk(clk),
		.rst_n(rst_n),
		.in_valid(in_valid),
		.in_ready(in_ready),
		.out_valid(out_valid),
		.out_ready(out_ready),
		.advance(advance)
	);
	cmac_AesKeySchedule key_schedule(
		.clk(clk),
		.advance(advance),
		.first_key(in_key),
		.round_key(round_key)
	);
	cmac_AesStates states(
		.clk(clk),
		.advance(advance),
		.block(in_block),
		.first_key(in_key),
		.round_key(round_key),
		.result(out_block)
	);
endmodule
module cmac_PipelineControl (
	clk,
	rst_n,
	in_valid,
	in_ready,
	out_valid,
	out_ready,
	advance
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output reg in_ready;
	output reg out_valid;
	input wire out_ready;
	output reg advance;
	reg [10:0] filled;
	always @(*) begin : give_valid
		if (_sv2v_0)
			;
		out_valid = filled[10];
	end
	always @(*) begin : give_ready
		reg result_waits;
		reg moves;
		if (_sv2v_0)
			;
		result_waits = filled[10];
		moves = !result_waits || out_ready;
		advance = moves;
		in_ready = moves;
	end
	reg [10:0] filled_next;
	task move_func;
		reg result_waits;
		begin
			filled_next = filled;
			result_waits = filled[10];
			if (!result_waits || out_ready)
				filled_next = {filled[9:0], in_valid};
		end
	endtask
	always @(in_valid or filled[9:0] or out_ready or filled[10] or filled or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		if (~rst_n)
			filled <= 1'sb0;
		else
			filled <= filled_next;
	end
	initial _sv2v_0 = 0;
endmodule
module cmac_AesKeySchedule (
	clk,
	advance,
	first_key,
	round_key
);
	reg _sv2v_0;
	input wire clk;
	input wire advance;
	input wire [127:0] first_key;
	output reg [1279:0] round_key;
	wire [79:0] round_constant;
	reg [1279:0] key;
	wire [1279:0] next_key;
	localparam [31:0] aes_rounds = 10;
	assign round_constant[0+:8] = 1'd1;
	assign round_constant[8+:8] = 2'h2;
	assign round_constant[16+:8] = 3'h4;
	assign round_constant[24+:8] = 4'h8;
	assign round_constant[32+:8] = 5'h10;
	assign round_constant[40+:8] = 6'h20;
	assign round_constant[48+:8] = 7'h40;
	assign round_constant[56+:8] = 8'h80;
	assign round_constant[64+:8] = 5'h1b;
	assign round_constant[72+:8] = 6'h36;
	always @(*) begin : give_round_keys
		if (_sv2v_0)
			;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < aes_rounds; i = i + 1)
				round_key[i * 128+:128] = next_key[i * 128+:128];
		end
	end
	reg [1279:0] key_next;
	task move_func;
		begin
			key_next = key;
			if (advance) begin
				key_next[0+:128] = first_key;
				begin : sv2v_autoblock_2
					reg [31:0] i;
					for (i = 1; i < aes_rounds; i = i + 1)
						key_next[i * 128+:128] = next_key[(i - 1) * 128+:128];
				end
			end
		end
	endtask
	always @(next_key or first_key or advance or key or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		key <= key_next;
	end
	cmac_AesKeyStep step_0(
		.key(key[0+:128]),
		.round_constant(round_constant[0+:8]),
		.next_key(next_key[0+:128])
	);
	cmac_AesKeyStep step_1(
		.key(key[128+:128]),
		.round_constant(round_constant[8+:8]),
		.next_key(next_key[128+:128])
	);
	cmac_AesKeyStep step_2(
		.key(key[256+:128]),
		.round_constant(round_constant[16+:8]),
		.next_key(next_key[256+:128])
	);
	cmac_AesKeyStep step_3(
		.key(key[384+:128]),
		.round_constant(round_constant[24+:8]),
		.next_key(next_key[384+:128])
	);
	cmac_AesKeyStep step_4(
		.key(key[512+:128]),
		.round_constant(round_constant[32+:8]),
		.next_key(next_key[512+:128])
	);
	cmac_AesKeyStep step_5(
		.key(key[640+:128]),
		.round_constant(round_constant[40+:8]),
		.next_key(next_key[640+:128])
	);
	cmac_AesKeyStep step_6(
		.key(key[768+:128]),
		.round_constant(round_constant[48+:8]),
		.next_key(next_key[768+:128])
	);
	cmac_AesKeyStep step_7(
		.key(key[896+:128]),
		.round_constant(round_constant[56+:8]),
		.next_key(next_key[896+:128])
	);
	cmac_AesKeyStep step_8(
		.key(key[1024+:128]),
		.round_constant(round_constant[64+:8]),
		.next_key(next_key[1024+:128])
	);
	cmac_AesKeyStep step_9(
		.key(key[1152+:128]),
		.round_constant(round_constant[72+:8]),
		.next_key(next_key[1152+:128])
	);
	initial _sv2v_0 = 0;
endmodule
module cmac_AesKeyStep (
	key,
	round_constant,
	next_key
);
	reg _sv2v_0;
	input wire [127:0] key;
	input wire [7:0] round_constant;
	output reg [127:0] next_key;
	reg [31:0] sbox_in;
	wire [31:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : rotate_word
		reg [127:0] old;
		reg [31:0] low;
		if (_sv2v_0)
			;
		old = key;
		begin : sv2v_autoblock_1
			reg [31:0] row;
			for (row = 0; row < 4; row = row + 1)
				begin
					low = sv2v_cast_32(5'd24 - sv2v_cast_32(4'd8 * (sv2v_cast_32(row + 1'd1) % 3'd4)));
					sbox_in[row * 8+:8] = sv2v_cast_32(old[low+:8]);
				end
		end
	end
	always @(*) begin : expand
		reg [127:0] old;
		reg [31:0] word;
		reg [127:0] expanded;
		reg [31:0] low;
		if (_sv2v_0)
			;
		old = key;
		word = 1'sb0;
		begin : sv2v_autoblock_2
			reg [31:0] row;
			for (row = 0; row < 4; row = row + 1)
				word[24 - (8 * row)+:8] = sbox_out[row * 8+:8];
		end
		word[31:24] = sbox_out[0+:8] ^ round_constant;
		expanded = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] i;
			for (i = 0; i < 4; i = i + 1)
				begin
					low = sv2v_cast_32(7'd96 - sv2v_cast_32(6'd32 * i));
					word = word ^ sv2v_cast_32(old[low+:32]);
					expanded[low+:32] = word;
				end
		end
		next_key = expanded;
	end
	cmac_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	cmac_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	cmac_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	cmac_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	initial _sv2v_0 = 0;
endmodule
module cmac_Sbox (
	in,
	out
);
	reg _sv2v_0;
	input wire [7:0] in;
	output reg [7:0] out;
	always @(*) begin : substitute
		reg [7:0] TMP_0;
		reg x0;
		reg x1;
		reg x2;
		reg x3;
		reg x4;
		reg x5;
		reg x6;
		reg x7;
		reg b0;
		reg a4;
		reg b6;
		reg b1;
		reg b2;
		reg a6;
		reg b3;
		reg a3;
		reg a5;
		reg a0;
		reg s1;
		reg b4;
		reg b7;
		reg b5;
		reg a1;
		reg a7;
		reg b8;
		reg a8;
		reg a2;
		reg p0;
		reg p1;
		reg p2;
		reg p3;
		reg p4;
		reg p5;
		reg p6;
		reg p7;
		reg p8;
		reg m1;
		reg m2;
		reg m3;
		reg m4;
		reg n0;
		reg m5;
		reg m6;
		reg m7;
		reg m8;
		reg m9;
		reg m10;
		reg n3;
		reg n1;
		reg n2;
		reg v1;
		reg v2;
		reg v3;
		reg v4;
		reg v5;
		reg v6;
		reg d0;
		reg v7;
		reg v8;
		reg v9;
		reg v10;
		reg v11;
		reg d1;
		reg v12;
		reg v13;
		reg v14;
		reg v15;
		reg d3;
		reg v16;
		reg v17;
		reg v18;
		reg v19;
		reg d4;
		reg d2;
		reg d5;
		reg d6;
		reg d7;
		reg d8;
		reg q0;
		reg q1;
		reg q2;
		reg q3;
		reg q4;
		reg q5;
		reg q6;
		reg q7;
		reg q8;
		reg r0;
		reg r1;
		reg r2;
		reg r3;
		reg r4;
		reg r5;
		reg r6;
		reg r7;
		reg r8;
		reg u1;
		reg u2;
		reg u3;
		reg u4;
		reg u5;
		reg u6;
		reg u7;
		reg u8;
		reg u9;
		reg u10;
		reg u11;
		reg u12;
		reg u13;
		reg u14;
		reg u15;
		reg u16;
		reg u17;
		reg u18;
		reg u19;
		reg u20;
		reg u21;
		reg u22;
		reg u23;
		reg u24;
		reg u25;
		reg u26;
		reg u27;
		reg u28;
		reg [7:0] result;
		if (_sv2v_0)
			;
		x0 = in[0];
		x1 = in[1];
		x2 = in[2];
		x3 = in[3];
		x4 = in[4];
		x5 = in[5];
		x6 = in[6];
		x7 = in[7];
		b0 = x3;
		a4 = x7;
		b6 = x2 ^ x0;
		b1 = x5 ^ x0;
		b2 = b1 ^ x3;
		a6 = x5 ^ x4;
		b3 = b6 ^ x3;
		a3 = b3 ^ x6;
		a5 = a3 ^ x7;
		a0 = a3 ^ a6;
		s1 = a5 ^ x1;
		b4 = s1 ^ b2;
		b7 = s1 ^ x3;
		b5 = b4 ^ b3;
		a1 = b5 ^ x0;
		a7 = a1 ^ x7;
		b8 = b7 ^ b6;
		a8 = a7 ^ a6;
		a2 = a1 ^ a0;
		p0 = a0 | b0;
		p1 = a1 | b1;
		p2 = a2 | b2;
		p3 = a3 & !b3;
		p4 = a4 | b4;
		p5 = a5 | b5;
		p6 = a6 & !b6;
		p7 = a7 & !b7;
		p8 = a8 | b8;
		m1 = p5 ^ p2;
		m2 = m1 ^ p4;
		m3 = m2 ^ p1;
		m4 = m1 ^ p0;
		n0 = m4 ^ p3;
		m5 = m2 ^ p6;
		m6 = p8 ^ p0;
		m7 = m6 ^ m5;
		m8 = n0 ^ p7;
		m9 = m8 ^ m3;
		m10 = m6 ^ p2;
		n3 = m10 ^ m9;
		n1 = m3 ^ b5;
		n2 = m7 ^ b1;
		v1 = n3 & n1;
		v2 = n2 ^ v1;
		v3 = n3 & n2;
		v4 = v3 & n0;
		v5 = v2 ^ v4;
		v6 = v3 & n1;
		d0 = v5 ^ v6;
		v7 = n2 & n0;
		v8 = n2 ^ v7;
		v9 = n2 & n1;
		v10 = v8 ^ v9;
		v11 = v10 ^ n3;
		d1 = v11 ^ v6;
		v12 = v9 & n0;
		v13 = n0 ^ v12;
		v14 = v13 ^ v1;
		v15 = v1 & n0;
		d3 = v14 ^ v15;
		v16 = n0 ^ n1;
		v17 = v16 ^ v7;
		v18 = n3 & n0;
		v19 = v17 ^ v18;
		d4 = v19 ^ v15;
		d2 = d0 ^ d1;
		d5 = d3 ^ d4;
		d6 = d0 ^ d3;
		d7 = d1 ^ d4;
		d8 = d6 ^ d7;
		q0 = a0 & d0;
		q1 = a1 & d1;
		q2 = a2 & d2;
		q3 = a3 & d3;
		q4 = a4 & d4;
		q5 = a5 & d5;
		q6 = a6 & d6;
		q7 = a7 & d7;
		q8 = a8 & d8;
		r0 = b0 & d0;
		r1 = b1 & d1;
		r2 = b2 & d2;
		r3 = b3 & d3;
		r4 = b4 & d4;
		r5 = b5 & d5;
		r6 = b6 & d6;
		r7 = b7 & d7;
		r8 = b8 & d8;
		u1 = q1 ^ q0;
		u2 = q6 ^ u1;
		u3 = q5 ^ q3;
		u4 = q7 ^ u2;
		u5 = u3 ^ u4;
		u6 = q8 ^ u2;
		u7 = r2 ^ u5;
		u8 = r7 ^ u7;
		u9 = r8 ^ u6;
		u10 = u8 ^ u9;
		u11 = r0 ^ u10;
		u12 = q4 ^ q3;
		u13 = u1 ^ u11;
		u14 = u12 ^ u13;
		u15 = q2 ^ q0;
		u16 = r4 ^ u4;
		u17 = u14 ^ u15;
		u18 = r1 ^ u16;
		u19 = u17 ^ u18;
		u20 = r5 ^ r7;
		u21 = u19 ^ u20;
		u22 = u3 ^ u15;
		u23 = r6 ^ r1;
		u24 = u21 ^ u23;
		u25 = u6 ^ u14;
		u26 = r3 ^ u10;
		u27 = u19 ^ u26;
		u28 = u8 ^ u21;
		result = 1'sb0;
		result[0] = !u14;
		result[1] = !u22;
		result[2] = u5;
		result[3] = u24;
		result[4] = u25;
		result[5] = !u11;
		result[6] = !u27;
		result[7] = u28;
		TMP_0 = result;
		out = TMP_0;
	end
	initial _sv2v_0 = 0;
endmodule
module cmac_AesStates (
	clk,
	advance,
	block,
	first_key,
	round_key,
	result
);
	reg _sv2v_0;
	input wire clk;
	input wire advance;
	input wire [127:0] block;
	input wire [127:0] first_key;
	input wire [1279:0] round_key;
	output reg [127:0] result;
	reg [1407:0] state;
	wire [1151:0] next_state;
	wire [127:0] last_state;
	localparam [31:0] aes_rounds = 10;
	always @(*) begin : give_result
		if (_sv2v_0)
			;
		result = state[1280+:128];
	end
	reg [1407:0] state_next;
	task move_func;
		begin
			state_next = state;
			if (advance) begin
				state_next[0+:128] = block ^ first_key;
				begin : sv2v_autoblock_1
					reg [31:0] i;
					for (i = 1; i < aes_rounds; i = i + 1)
						state_next[i * 128+:128] = next_state[(i - 1) * 128+:128];
				end
				state_next[1280+:128] = last_state;
			end
		end
	endtask
	always @(last_state or next_state or first_key or block or advance or state or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		state <= state_next;
	end
	cmac_AesRound round_0(
		.state(state[0+:128]),
		.round_key(round_key[0+:128]),
		.next_state(next_state[0+:128])
	);
	cmac_AesRound round_1(
		.state(state[128+:128]),
		.round_key(round_key[128+:128]),
		.next_state(next_state[128+:128])
	);
	cmac_AesRound round_2(
		.state(state[256+:128]),
		.round_key(round_key[256+:128]),
		.next_state(next_state[256+:128])
	);
	cmac_AesRound round_3(
		.state(state[384+:128]),
		.round_key(round_key[384+:128]),
		.next_state(next_state[384+:128])
	);
	cmac_AesRound round_4(
		.state(state[512+:128]),
		.round_key(round_key[512+:128]),
		.next_state(next_state[512+:128])
	);
	cmac_AesRound round_5(
		.state(state[640+:128]),
		.round_key(round_key[640+:128]),
		.next_state(next_state[640+:128])
	);
	cmac_AesRound round_6(
		.state(state[768+:128]),
		.round_key(round_key[768+:128]),
		.next_state(next_state[768+:128])
	);
	cmac_AesRound round_7(
		.state(state[896+:128]),
		.round_key(round_key[896+:128]),
		.next_state(next_state[896+:128])
	);
	cmac_AesRound round_8(
		.state(state[1024+:128]),
		.round_key(round_key[1024+:128]),
		.next_state(next_state[1024+:128])
	);
	cmac_AesRound8 last_round(
		.state(state[1152+:128]),
		.round_key(round_key[1152+:128]),
		.next_state(last_state)
	);
	initial _sv2v_0 = 0;
endmodule
module cmac_AesRound (
	state,
	round_key,
	next_state
);
	reg _sv2v_0;
	input wire [127:0] state;
	input wire [127:0] round_key;
	output reg [127:0] next_state;
	reg [127:0] sbox_in;
	wire [127:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : shift_rows
		reg [127:0] bytes;
		reg [31:0] low;
		if (_sv2v_0)
			;
		bytes = state;
		begin : sv2v_autoblock_1
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_2
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * ((column + row) % 3'd4)) + row)));
							sbox_in[((4 * column) + row) * 8+:8] = sv2v_cast_32(bytes[low+:8]);
						end
				end
		end
	end
	function automatic [32:0] sv2v_cast_33;
		input reg [32:0] inp;
		sv2v_cast_33 = inp;
	endfunction
	always @(*) begin : mix_and_add
		reg [127:0] mixed;
		reg [7:0] own;
		reg [7:0] byte_v;
		reg [7:0] below;
		reg [7:0] others;
		reg [7:0] TMP_0;
		reg [7:0] value;
		reg [7:0] product;
		reg [31:0] low;
		if (_sv2v_0)
			;
		mixed = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_4
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							own = sbox_out[((4 * column) + row) * 8+:8];
							byte_v = own;
							below = sbox_out[((4 * column) + (sv2v_cast_33(row + 1) % 4)) * 8+:8];
							others = sbox_out[((4 * column) + (sv2v_cast_33(row + 2) % 4)) * 8+:8] ^ sbox_out[((4 * column) + (sv2v_cast_33(row + 3) % 4)) * 8+:8];
							value = own ^ below;
							product = value <<< 1;
							if (value[7])
								product = product ^ 5'h1b;
							TMP_0 = product;
							byte_v = (TMP_0 ^ below) ^ others;
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * column) + row)));
							mixed[low+:8] = byte_v;
						end
				end
		end
		next_state = mixed ^ round_key;
	end
	cmac_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	cmac_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	cmac_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	cmac_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	cmac_Sbox sbox_4(
		.in(sbox_in[32+:8]),
		.out(sbox_out[32+:8])
	);
	cmac_Sbox sbox_5(
		.in(sbox_in[40+:8]),
		.out(sbox_out[40+:8])
	);
	cmac_Sbox sbox_6(
		.in(sbox_in[48+:8]),
		.out(sbox_out[48+:8])
	);
	cmac_Sbox sbox_7(
		.in(sbox_in[56+:8]),
		.out(sbox_out[56+:8])
	);
	cmac_Sbox sbox_8(
		.in(sbox_in[64+:8]),
		.out(sbox_out[64+:8])
	);
	cmac_Sbox sbox_9(
		.in(sbox_in[72+:8]),
		.out(sbox_out[72+:8])
	);
	cmac_Sbox sbox_10(
		.in(sbox_in[80+:8]),
		.out(sbox_out[80+:8])
	);
	cmac_Sbox sbox_11(
		.in(sbox_in[88+:8]),
		.out(sbox_out[88+:8])
	);
	cmac_Sbox sbox_12(
		.in(sbox_in[96+:8]),
		.out(sbox_out[96+:8])
	);
	cmac_Sbox sbox_13(
		.in(sbox_in[104+:8]),
		.out(sbox_out[104+:8])
	);
	cmac_Sbox sbox_14(
		.in(sbox_in[112+:8]),
		.out(sbox_out[112+:8])
	);
	cmac_Sbox sbox_15(
		.in(sbox_in[120+:8]),
		.out(sbox_out[120+:8])
	);
	initial _sv2v_0 = 0;
endmodule
module cmac_AesRound8 (
	state,
	round_key,
	next_state
);
	reg _sv2v_0;
	input wire [127:0] state;
	input wire [127:0] round_key;
	output reg [127:0] next_state;
	reg [127:0] sbox_in;
	wire [127:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : shift_rows
		reg [127:0] bytes;
		reg [31:0] low;
		if (_sv2v_0)
			;
		bytes = state;
		begin : sv2v_autoblock_1
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_2
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * ((column + row) % 3'd4)) + row)));
							sbox_in[((4 * column) + row) * 8+:8] = sv2v_cast_32(bytes[low+:8]);
						end
				end
		end
	end
	always @(*) begin : mix_and_add
		reg [127:0] mixed;
		reg [7:0] own;
		reg [7:0] byte_v;
		reg [31:0] low;
		if (_sv2v_0)
			;
		mixed = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_4
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							own = sbox_out[((4 * column) + row) * 8+:8];
							byte_v = own;
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * column) + row)));
							mixed[low+:8] = byte_v;
						end
				end
		end
		next_state = mixed ^ round_key;
	end
	cmac_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	cmac_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	cmac_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	cmac_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	cmac_Sbox sbox_4(
		.in(sbox_in[32+:8]),
		.out(sbox_out[32+:8])
	);
	cmac_Sbox sbox_5(
		.in(sbox_in[40+:8]),
		.out(sbox_out[40+:8])
	);
	cmac_Sbox sbox_6(
		.in(sbox_in[48+:8]),
		.out(sbox_out[48+:8])
	);
	cmac_Sbox sbox_7(
		.in(sbox_in[56+:8]),
		.out(sbox_out[56+:8])
	);
	cmac_Sbox sbox_8(
		.in(sbox_in[64+:8]),
		.out(sbox_out[64+:8])
	);
	cmac_Sbox sbox_9(
		.in(sbox_in[72+:8]),
		.out(sbox_out[72+:8])
	);
	cmac_Sbox sbox_10(
		.in(sbox_in[80+:8]),
		.out(sbox_out[80+:8])
	);
	cmac_Sbox sbox_11(
		.in(sbox_in[88+:8]),
		.out(sbox_out[88+:8])
	);
	cmac_Sbox sbox_12(
		.in(sbox_in[96+:8]),
		.out(sbox_out[96+:8])
	);
	cmac_Sbox sbox_13(
		.in(sbox_in[104+:8]),
		.out(sbox_out[104+:8])
	);
	cmac_Sbox sbox_14(
		.in(sbox_in[112+:8]),
		.out(sbox_out[112+:8])
	);
	cmac_Sbox sbox_15(
		.in(sbox_in[120+:8]),
		.out(sbox_out[120+:8])
	);
	initial _sv2v_0 = 0;
endmodule
