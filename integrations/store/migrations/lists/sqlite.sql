-- The words of each case, as this program cut them: said has all, named only what every viewer of the case may find it by.
CREATE TABLE case_words (
    id          INTEGER NOT NULL PRIMARY KEY,
    case_number TEXT    NOT NULL UNIQUE REFERENCES cases (number)
);
CREATE VIRTUAL TABLE case_terms USING fts5 (said, named, content = '', contentless_delete = 1, detail = column, tokenize = 'ascii');
