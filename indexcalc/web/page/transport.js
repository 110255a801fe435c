// How the page asks: the one file that another way of running it replaces.

const GONE = "The server does not answer; is it still running?";

/** The answer to a request; rejects with one sentence where there is none. */
export async function ask(request, signal) {
  let response;
  try {
    response = await fetch("api/answer", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(GONE);
  }
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(GONE);
  }
}
