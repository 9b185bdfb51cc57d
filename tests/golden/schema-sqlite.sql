CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER exception_begin BEFORE INSERT ON exception WHEN NEW.state <> 'open' BEGIN SELECT RAISE(ABORT, 'exception: no such begin'); END;
CREATE TRIGGER exception_move BEFORE UPDATE OF state ON exception WHEN NEW.state <> OLD.state AND NOT ((OLD.state = 'open' AND NEW.state IN ('proposed', 'released', 'discarded')) OR (OLD.state = 'proposed' AND NEW.state IN ('approved', 'released', 'discarded')) OR (OLD.state = 'approved' AND NEW.state IN ('released', 'discarded'))) BEGIN SELECT RAISE(ABORT, 'exception: no such move'); END;
CREATE TRIGGER inbox_begin BEFORE INSERT ON inbox WHEN NEW.state <> 'accepted' BEGIN SELECT RAISE(ABORT, 'inbox: no such begin'); END;
CREATE TRIGGER inbox_move BEFORE UPDATE OF state ON inbox WHEN NEW.state <> OLD.state AND NOT ((OLD.state = 'accepted' AND NEW.state IN ('booked', 'no_op', 'parked', 'held', 'no_route', 'discarded')) OR (OLD.state = 'parked' AND NEW.state IN ('accepted', 'booked', 'no_op', 'held', 'discarded')) OR (OLD.state = 'held' AND NEW.state IN ('accepted', 'booked', 'no_op', 'discarded')) OR (OLD.state = 'no_route' AND NEW.state IN ('accepted', 'discarded'))) BEGIN SELECT RAISE(ABORT, 'inbox: no such move'); END;
CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry BEGIN SELECT RAISE(ABORT, 'journal_entry is append-only'); END;
CREATE TRIGGER journal_entry_no_replace BEFORE INSERT ON journal_entry WHEN EXISTS (SELECT 1 FROM journal_entry WHERE entry_id = NEW.entry_id OR reverses = NEW.reverses
        OR (source = NEW.source AND event_id = NEW.event_id AND book = NEW.book AND part = NEW.part)
        OR (company = NEW.company AND book = NEW.book AND period = NEW.period AND word = NEW.word
            AND number = NEW.number)) BEGIN SELECT RAISE(ABORT, 'journal_entry is append-only'); END;
CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry BEGIN SELECT RAISE(ABORT, 'journal_entry is append-only'); END;
CREATE TRIGGER journal_line_no_delete BEFORE DELETE ON journal_line BEGIN SELECT RAISE(ABORT, 'journal_line is append-only'); END;
CREATE TRIGGER journal_line_no_replace BEFORE INSERT ON journal_line WHEN EXISTS (SELECT 1 FROM journal_line WHERE entry_id = NEW.entry_id AND line_no = NEW.line_no) BEGIN SELECT RAISE(ABORT, 'journal_line is append-only'); END;
CREATE TRIGGER journal_line_no_update BEFORE UPDATE ON journal_line BEGIN SELECT RAISE(ABORT, 'journal_line is append-only'); END;
CREATE TRIGGER posting_begin BEFORE INSERT ON posting WHEN NEW.state <> 'pending' BEGIN SELECT RAISE(ABORT, 'posting: no such begin'); END;
CREATE TRIGGER posting_move BEFORE UPDATE OF state ON posting WHEN NEW.state <> OLD.state AND NOT ((OLD.state = 'pending' AND NEW.state IN ('leased')) OR (OLD.state = 'leased' AND NEW.state IN ('sent')) OR (OLD.state = 'sent' AND NEW.state IN ('leased', 'pending', 'confirmed', 'rejected', 'in_doubt')) OR (OLD.state = 'rejected' AND NEW.state IN ('pending')) OR (OLD.state = 'in_doubt' AND NEW.state IN ('pending', 'confirmed', 'rejected'))) BEGIN SELECT RAISE(ABORT, 'posting: no such move'); END;
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE audit (
  id INTEGER NOT NULL,
  at BIGINT NOT NULL,
  actor VARCHAR(100) NOT NULL,
  action VARCHAR(50) NOT NULL,
  subject VARCHAR(200) NOT NULL,
  detail TEXT NOT NULL,
  CONSTRAINT pk_audit PRIMARY KEY (id)
);
CREATE TABLE budget (
  company VARCHAR(50) NOT NULL,
  dept VARCHAR(100) NOT NULL,
  subject VARCHAR(100) NOT NULL,
  period VARCHAR(10) NOT NULL,
  version INTEGER NOT NULL,
  currency VARCHAR(3) NOT NULL,
  budget BIGINT NOT NULL,
  committed BIGINT DEFAULT '0' NOT NULL,
  actual BIGINT DEFAULT '0' NOT NULL,
  tolerance BIGINT DEFAULT '0' NOT NULL,
  over BIGINT DEFAULT '0' NOT NULL,
  CONSTRAINT pk_budget PRIMARY KEY (company, dept, subject, period),
  CONSTRAINT ck_budget_not_oversold CHECK (committed + actual <= budget + tolerance + over)
);
CREATE TABLE budget_movement (
  id INTEGER NOT NULL,
  inbox_id INTEGER NOT NULL,
  source VARCHAR(200) NOT NULL,
  event_id VARCHAR(200) NOT NULL,
  company VARCHAR(50) NOT NULL,
  dept VARCHAR(100) NOT NULL,
  subject VARCHAR(100) NOT NULL,
  period VARCHAR(10) NOT NULL,
  part VARCHAR(60) NOT NULL,
  effect VARCHAR(10) NOT NULL,
  amount BIGINT NOT NULL,
  against VARCHAR(200),
  "explain" TEXT NOT NULL,
  moved_at BIGINT NOT NULL,
  CONSTRAINT pk_budget_movement PRIMARY KEY (id),
  CONSTRAINT ck_budget_movement_effect CHECK (effect IN ('commit', 'consume', 'release')),
  CONSTRAINT fk_budget_movement_inbox_id FOREIGN KEY(inbox_id) REFERENCES inbox (id),
  CONSTRAINT uq_budget_movement_source_event_id_company_dept_subject_period_part UNIQUE (source, event_id, company, dept, subject, period, part)
);
CREATE TABLE document (
  company VARCHAR(50) NOT NULL,
  "key" VARCHAR(200) NOT NULL,
  next_sequence INTEGER DEFAULT '1' NOT NULL,
  withdrawn_at BIGINT,
  lease_owner VARCHAR(100),
  lease_token VARCHAR(40),
  lease_until BIGINT,
  CONSTRAINT pk_document PRIMARY KEY (company, "key")
);
CREATE TABLE event_copy (
  id INTEGER NOT NULL,
  inbox_id INTEGER NOT NULL,
  channel VARCHAR(100) NOT NULL,
  kind VARCHAR(10) NOT NULL,
  state VARCHAR(20) NOT NULL,
  attempts INTEGER DEFAULT '0' NOT NULL,
  due_at BIGINT,
  CONSTRAINT pk_event_copy PRIMARY KEY (id),
  CONSTRAINT ck_event_copy_kind CHECK (kind IN ('publish', 'tap')),
  CONSTRAINT ck_event_copy_state CHECK (state IN ('pending', 'published')),
  CONSTRAINT fk_event_copy_inbox_id FOREIGN KEY(inbox_id) REFERENCES inbox (id),
  CONSTRAINT uq_event_copy_inbox_id_channel UNIQUE (inbox_id, channel)
);
CREATE TABLE exception (
  id INTEGER NOT NULL,
  inbox_id INTEGER NOT NULL,
  posting_id VARCHAR(32),
  code VARCHAR(50) NOT NULL,
  company VARCHAR(50) NOT NULL,
  document VARCHAR(200) NOT NULL,
  amount BIGINT,
  currency VARCHAR(3),
  cause TEXT NOT NULL,
  message TEXT NOT NULL,
  detail TEXT NOT NULL,
  state VARCHAR(20) NOT NULL,
  remedy TEXT,
  proposed_by VARCHAR(100),
  approved_by VARCHAR(100),
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  CONSTRAINT pk_exception PRIMARY KEY (id),
  CONSTRAINT ck_exception_state CHECK (state IN ('open', 'proposed', 'approved', 'released', 'discarded')),
  CONSTRAINT fk_exception_inbox_id FOREIGN KEY(inbox_id) REFERENCES inbox (id),
  CONSTRAINT fk_exception_posting_id FOREIGN KEY(posting_id) REFERENCES posting (posting_id)
);
CREATE TABLE inbox (
  id INTEGER NOT NULL,
  source VARCHAR(200) NOT NULL,
  event_id VARCHAR(200) NOT NULL,
  type VARCHAR(100) NOT NULL,
  company VARCHAR(50) NOT NULL,
  document VARCHAR(200) NOT NULL,
  sequence INTEGER,
  event_time BIGINT NOT NULL,
  payload TEXT NOT NULL,
  hash VARCHAR(64) NOT NULL,
  correlation_id VARCHAR(200) NOT NULL,
  state VARCHAR(20) NOT NULL,
  reason VARCHAR(100),
  queue VARCHAR(100),
  attempts INTEGER DEFAULT '0' NOT NULL,
  dispatches INTEGER DEFAULT '0' NOT NULL,
  due_at BIGINT,
  received_at BIGINT NOT NULL,
  settled_at BIGINT,
  voucher VARCHAR(200),
  CONSTRAINT pk_inbox PRIMARY KEY (id),
  CONSTRAINT ck_inbox_state CHECK (state IN ('accepted', 'booked', 'no_op', 'parked', 'held', 'no_route', 'discarded')),
  CONSTRAINT uq_inbox_source_event_id UNIQUE (source, event_id)
);
CREATE TABLE journal_entry (
  entry_id VARCHAR(32) NOT NULL,
  inbox_id INTEGER NOT NULL,
  source VARCHAR(200) NOT NULL,
  event_id VARCHAR(200) NOT NULL,
  part VARCHAR(60) NOT NULL,
  company VARCHAR(50) NOT NULL,
  book VARCHAR(50) NOT NULL,
  period VARCHAR(7) NOT NULL,
  word VARCHAR(20) NOT NULL,
  number INTEGER NOT NULL,
  document VARCHAR(200) NOT NULL,
  event_type VARCHAR(100) NOT NULL,
  life_key VARCHAR(200) NOT NULL,
  accounting_date VARCHAR(10) NOT NULL,
  original_date VARCHAR(10) NOT NULL,
  rule VARCHAR(100) NOT NULL,
  rule_version INTEGER NOT NULL,
  pack_hash VARCHAR(64) NOT NULL,
  text TEXT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  reverses VARCHAR(32),
  requires TEXT NOT NULL,
  previous_hash VARCHAR(64) NOT NULL,
  hash VARCHAR(64) NOT NULL,
  booked_at BIGINT NOT NULL,
  CONSTRAINT pk_journal_entry PRIMARY KEY (entry_id),
  CONSTRAINT fk_journal_entry_inbox_id FOREIGN KEY(inbox_id) REFERENCES inbox (id),
  CONSTRAINT fk_journal_entry_reverses FOREIGN KEY(reverses) REFERENCES journal_entry (entry_id),
  CONSTRAINT uq_journal_entry_company_book_period_word_number UNIQUE (company, book, period, word, number),
  CONSTRAINT uq_journal_entry_source_event_id_book_part UNIQUE (source, event_id, book, part)
);
CREATE TABLE journal_line (
  entry_id VARCHAR(32) NOT NULL,
  line_no INTEGER NOT NULL,
  line_id VARCHAR(100) NOT NULL,
  side VARCHAR(6) NOT NULL,
  account VARCHAR(50) NOT NULL,
  amount BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  base_amount BIGINT NOT NULL,
  dims TEXT NOT NULL,
  text TEXT NOT NULL,
  "explain" TEXT NOT NULL,
  CONSTRAINT pk_journal_line PRIMARY KEY (entry_id, line_no),
  CONSTRAINT ck_journal_line_side CHECK (side IN ('debit', 'credit')),
  CONSTRAINT fk_journal_line_entry_id FOREIGN KEY(entry_id) REFERENCES journal_entry (entry_id)
);
CREATE TABLE period (
  company VARCHAR(50) NOT NULL,
  book VARCHAR(50) NOT NULL,
  name VARCHAR(7) NOT NULL,
  state VARCHAR(10) NOT NULL,
  changed_at BIGINT NOT NULL,
  CONSTRAINT pk_period PRIMARY KEY (company, book, name),
  CONSTRAINT ck_period_state CHECK (state IN ('open', 'closed'))
);
CREATE TABLE posting (
  posting_id VARCHAR(32) NOT NULL,
  entry_id VARCHAR(32) NOT NULL,
  target VARCHAR(50) NOT NULL,
  company VARCHAR(50) NOT NULL,
  state VARCHAR(20) NOT NULL,
  attempts INTEGER DEFAULT '0' NOT NULL,
  due_at BIGINT,
  lease_owner VARCHAR(100),
  lease_token VARCHAR(40),
  lease_until BIGINT,
  reference VARCHAR(200),
  code VARCHAR(50),
  message TEXT,
  settled_at BIGINT,
  CONSTRAINT pk_posting PRIMARY KEY (posting_id),
  CONSTRAINT ck_posting_state CHECK (state IN ('pending', 'leased', 'sent', 'confirmed', 'rejected', 'in_doubt')),
  CONSTRAINT fk_posting_entry_id FOREIGN KEY(entry_id) REFERENCES journal_entry (entry_id),
  CONSTRAINT uq_posting_entry_id_target UNIQUE (entry_id, target)
);
CREATE TABLE quarantine (
  id INTEGER NOT NULL,
  channel VARCHAR(100) NOT NULL,
  message_id VARCHAR(200) NOT NULL,
  sender VARCHAR(200),
  body_hash VARCHAR(64) NOT NULL,
  length BIGINT NOT NULL,
  body TEXT NOT NULL,
  headers TEXT NOT NULL,
  code VARCHAR(50) NOT NULL,
  message TEXT NOT NULL,
  pointer TEXT,
  received_at BIGINT NOT NULL,
  CONSTRAINT pk_quarantine PRIMARY KEY (id),
  CONSTRAINT uq_quarantine_channel_body_hash_message_id UNIQUE (channel, body_hash, message_id)
);
CREATE TABLE replay_job (
  id INTEGER NOT NULL,
  actor VARCHAR(100) NOT NULL,
  approver VARCHAR(100),
  reason TEXT NOT NULL,
  selection TEXT NOT NULL,
  state VARCHAR(20) NOT NULL,
  total INTEGER NOT NULL,
  finished INTEGER DEFAULT '0' NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT pk_replay_job PRIMARY KEY (id),
  CONSTRAINT ck_replay_job_state CHECK (state IN ('open', 'running', 'finished', 'cancelled')),
  CONSTRAINT ck_replay_job_two_people CHECK (approver IS NULL OR approver <> actor)
);
CREATE TABLE rule_pack (
  hash VARCHAR(64) NOT NULL,
  name VARCHAR(100) NOT NULL,
  content TEXT NOT NULL,
  author VARCHAR(100),
  approver VARCHAR(100),
  evidence TEXT,
  effective_at BIGINT,
  recorded_at BIGINT NOT NULL,
  CONSTRAINT pk_rule_pack PRIMARY KEY (hash),
  CONSTRAINT ck_rule_pack_two_people CHECK (author IS NULL OR approver IS NULL OR author <> approver)
);
CREATE TABLE voucher_counter (
  company VARCHAR(50) NOT NULL,
  book VARCHAR(50) NOT NULL,
  period VARCHAR(7) NOT NULL,
  word VARCHAR(20) NOT NULL,
  next_number INTEGER NOT NULL,
  head VARCHAR(64) NOT NULL,
  CONSTRAINT pk_voucher_counter PRIMARY KEY (company, book, period, word)
);
CREATE INDEX ix_document_lease_token ON document (lease_token);
CREATE INDEX ix_event_copy_due ON event_copy (due_at) WHERE state = 'pending';
CREATE INDEX ix_exception_inbox_id ON exception (inbox_id);
CREATE INDEX ix_exception_open ON exception (code) WHERE state IN ('open', 'proposed', 'approved');
CREATE INDEX ix_inbox_document ON inbox (company, document, sequence);
CREATE INDEX ix_inbox_due ON inbox (due_at) WHERE state = 'accepted';
CREATE INDEX ix_inbox_unsettled ON inbox (state) WHERE state IN ('accepted', 'parked', 'held', 'no_route');
CREATE INDEX ix_journal_entry_document ON journal_entry (document, company);
CREATE INDEX ix_journal_entry_inbox_id ON journal_entry (inbox_id);
CREATE INDEX ix_posting_due ON posting (due_at) WHERE state IN ('pending', 'leased', 'sent');
CREATE INDEX ix_posting_held ON posting (lease_until) WHERE lease_until IS NOT NULL;
CREATE UNIQUE INDEX uq_exception_live ON exception (inbox_id, code, COALESCE(posting_id, '')) WHERE state IN ('open', 'proposed', 'approved');
CREATE UNIQUE INDEX uq_journal_entry_reverses ON journal_entry (reverses) WHERE reverses IS NOT NULL;
