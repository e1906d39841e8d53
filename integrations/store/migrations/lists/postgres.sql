-- The words of each case, as this program cut them: said has all, named only what every viewer of the case may find it by.
CREATE TABLE case_words (
    case_number TEXT     NOT NULL PRIMARY KEY REFERENCES cases (number),
    said        TSVECTOR NOT NULL,
    named       TSVECTOR NOT NULL
);
-- A short list of what is still to be sorted in keeps searches quick while cases are filed.
CREATE INDEX case_words_said ON case_words USING GIN (said) WITH (gin_pending_list_limit = 256);
