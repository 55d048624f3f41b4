//! Reads code as tokens. It is not parsed, because it may be incomplete, or written as in
//! TypeScript.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;

use crate::diagnostics::Mistakes;

pub(crate) fn tokens(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

/// Returns whether the token is this punctuation character.
pub(crate) fn is(token: &TokenTree, letter: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == letter)
}

/// Returns whether the token is this identifier.
pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// Returns whether a word may be a name, because it is no keyword.
pub(crate) fn is_free(word: impl ToTokens) -> bool {
    syn::parse2::<Ident>(word.to_token_stream()).is_ok()
}

pub(crate) fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// Returns whether the name before these tokens is called, as `name(…)` or `name::<T>(…)`.
pub(crate) fn is_called(code: &[TokenTree]) -> bool {
    code.first().is_some_and(|token| is(token, ':') || is_group(token, Delimiter::Parenthesis))
}

/// Returns the group with other tokens in it.
pub(crate) fn regrouped(group: &Group, tokens: TokenStream) -> Group {
    let mut changed = Group::new(group.delimiter(), tokens);
    changed.set_span(group.span());
    changed
}

/// Splits tokens at the commas. A trailing comma adds no empty piece.
pub(crate) fn between_commas(tokens: impl IntoIterator<Item = TokenTree>) -> Vec<Vec<TokenTree>> {
    let mut pieces = vec![Vec::new()];
    // A comma inside `<…>` belongs to a type. The `>` of an arrow closes no bracket.
    let mut depth = 0_usize;
    let mut previous = ' ';
    for token in tokens {
        let letter = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match letter {
            '<' => depth += 1,
            '>' if previous != '-' && previous != '=' => depth = depth.saturating_sub(1),
            _ => {}
        }
        previous = letter;
        if letter == ',' && depth == 0 {
            pieces.push(Vec::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push(token);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Returns whether the text of the code has one of these words. The compiler writes the text much
/// faster than a macro walks through the tokens, and most code has none of the words to look for.
pub(crate) fn has_words(code: &[TokenTree], words: &[&str]) -> bool {
    let text = code.iter().cloned().collect::<TokenStream>().to_string();
    words.iter().any(|word| text.contains(word))
}

/// Calls `see` for every position in the tokens, with the token before it. Unless `deep` is set, it
/// stops at closures, `async` blocks and functions, whose `return` belongs to them.
pub(crate) fn each(tokens: &[TokenTree], deep: bool, see: &mut dyn FnMut(Option<&TokenTree>, &[TokenTree])) {
    for (at, token) in tokens.iter().enumerate() {
        if !deep && (is(token, '|') || is_word(token, "async") || is_word(token, "fn")) {
            return;
        }
        see(at.checked_sub(1).map(|before| &tokens[before]), &tokens[at..]);
        if let TokenTree::Group(group) = token {
            each(&self::tokens(group.stream()), deep, see);
        }
    }
}

/// Returns the tokens after the last `;`.
pub(crate) fn tail(body: &[TokenTree]) -> &[TokenTree] {
    let start = body.iter().rposition(|token| is(token, ';')).map_or(0, |end| end + 1);
    &body[start..]
}

/// Returns the expression that a body ends in, without `return`.
pub(crate) fn returned(body: &[TokenTree]) -> Vec<TokenTree> {
    let body = match body {
        [TokenTree::Group(block)] if block.delimiter() == Delimiter::Brace => return returned(&tokens(block.stream())),
        [rest @ .., end] if is(end, ';') && tail(rest).first().is_some_and(|word| is_word(word, "return")) => rest,
        body => body,
    };
    match tail(body) {
        [word, value @ ..] if is_word(word, "return") => value.to_vec(),
        value => value.to_vec(),
    }
}

/// Reports statements of TypeScript.
pub(crate) fn in_typescript(body: &[TokenTree], mistakes: &mut Mistakes) {
    if !has_words(body, &["throw", "const", "null", "undefined", "yield"]) {
        return;
    }
    each(body, true, &mut |before, code| match code {
        [throw, TokenTree::Ident(_), ..] if is_word(throw, "throw") => mistakes.at(throw, THROW),
        [word, TokenTree::Ident(name), equals, ..] if is_word(word, "const") && is(equals, '=') => {
            mistakes.at(word, format_args!("Rust declares variables with `let`: write `let {name} = …`"));
        }
        [null, rest @ ..]
            if (is_word(null, "null") || is_word(null, "undefined"))
                && before.is_none_or(|word| is_word(word, "return"))
                && rest.first().is_none_or(|next| is(next, ';')) =>
        {
            mistakes.at(null, format_args!("Rust has no `{null}`: write `Ok(None)`"));
        }
        [equals, null, ..]
            if before.is_some_and(|first| is(first, '=') || is(first, '!'))
                && is(equals, '=')
                && (is_word(null, "null") || is_word(null, "undefined")) =>
        {
            mistakes.at(null, format_args!("Rust has no `{null}`: {NONE}"));
        }
        _ => {}
    });
    if let Some(word) = yielding(body) {
        mistakes.at(word, YIELD);
    }
}

/// Reports errors that a body returns without `Err(…)`, and strings that it returns as errors.
pub(crate) fn returns(body: &[TokenTree], mistakes: &mut Mistakes) {
    if let Some(block) = last_block(body) {
        return returns(&tokens(block.stream()), mistakes);
    }
    let mut see = |code: &[TokenTree]| match code {
        [err, TokenTree::Group(error), ..] if is_word(err, "Err") && is_text(&tokens(error.stream())) => {
            mistakes.at(error.stream(), TEXT);
        }
        code => {
            if let Some((error, name)) = bare_error(code) {
                mistakes.at_all(error, format_args!("an error is returned in `Err(…)`: write `Err(Error::{name}(…))`"));
            }
        }
    };
    see(tail(body));
    each(body, false, &mut |before, code| {
        if before.is_some_and(|word| is_word(word, "return")) {
            see(code);
        }
    });
}

/// Returns the block of a closure, or the `async` block that code ends in.
pub(crate) fn last_block(code: &[TokenTree]) -> Option<&Group> {
    let block = match code {
        [TokenTree::Group(block)] => block,
        [.., word, TokenTree::Group(block)] if is_word(word, "async") => block,
        [.., word, by, TokenTree::Group(block)] if is_word(word, "async") && is_word(by, "move") => block,
        _ => return None,
    };
    (block.delimiter() == Delimiter::Brace).then_some(block)
}

/// Returns the expression at the start of the code if it makes an error of velox-rpc and nothing
/// else, with the name of the constructor.
fn bare_error(code: &[TokenTree]) -> Option<(&[TokenTree], &Ident)> {
    let start = code.iter().position(|token| is_word(token, "Error"))?;
    let end = code.iter().position(|token| is(token, ';') || is(token, ',')).unwrap_or(code.len());
    let [_, _, _, TokenTree::Ident(name), TokenTree::Group(_), methods @ ..] = code.get(start..end)? else {
        return None;
    };
    let is_path = start == 0 || start == 3 && is(&code[2], ':');
    let is_error = is_path && ERRORS.split(' ').any(|known| name == known) && !methods.iter().any(|it| is(it, '?'));
    is_error.then_some((&code[..end], name))
}

/// Returns the first `yield` of a body. A macro, such as `stream! { … }`, may have its own.
fn yielding(body: &[TokenTree]) -> Option<TokenTree> {
    body.iter().enumerate().find_map(|(at, token)| match token {
        TokenTree::Group(group) if at == 0 || !is(&body[at - 1], '!') => yielding(&tokens(group.stream())),
        word if is_word(word, "yield") => Some(word.clone()),
        _ => None,
    })
}

/// Returns whether a body has a `?` of its own, which is not in a closure, a function, an `async`
/// block or a macro.
pub(crate) fn tries(body: &[TokenTree]) -> bool {
    let own = body.iter().take_while(|token| !is(token, '|') && !is_word(token, "async") && !is_word(token, "fn"));
    own.enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) if at == 0 || !is(&body[at - 1], '!') => tries(&tokens(group.stream())),
        token => is(token, '?'),
    })
}

/// Returns whether this is a string literal, or a `format!(…)`.
pub(crate) fn is_text(code: &[TokenTree]) -> bool {
    match code {
        [TokenTree::Literal(literal), ..] => literal.to_string().starts_with('"'),
        [format, mark, ..] => is_word(format, "format") && is(mark, '!'),
        _ => false,
    }
}

const THROW: &str = "Rust has no `throw`: write `return Err(Error::bad_request(\"…\"))`";
/// The constructors of `velox_rpc::Error`.
const ERRORS: &str =
    "new custom bad_request unauthorized forbidden not_found resource_not_found conflict unavailable internal invalid";
const NONE: &str = "write `user.is_none()`, or take the value with `let Some(user) = user else { return Err(…) };`";
const YIELD: &str = "stable Rust has no `yield`: return a stream of `Ok(value)`, for example from a channel";
const TEXT: &str =
    "a string is not an error: write `Err(Error::bad_request(…))`, or use another constructor of `velox_rpc::Error`";
