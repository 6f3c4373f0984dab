// The entry of a thread that does not start.

throw new Error('it does not start');
