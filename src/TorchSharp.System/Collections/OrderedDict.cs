using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TorchSharp.Utils;

/// <summary>A dictionary that enumerates in order of insertion, as pairs of key and value.</summary>
public class OrderedDict<TKey, TValue> : IDictionary<TKey, TValue>, IList<(TKey, TValue)> where TKey : notnull
{
    private readonly List<(TKey, TValue)> _list = [];
    private readonly Dictionary<TKey, TValue> _dict = [];

    public int Count => _list.Count;
    public bool IsReadOnly => false;
    public ICollection<TKey> Keys => [.. _list.Select(pair => pair.Item1)];
    public ICollection<TValue> Values => [.. _list.Select(pair => pair.Item2)];

    public IEnumerable<TKey> keys() => _list.Select(pair => pair.Item1);
    public IEnumerable<TValue> values() => _list.Select(pair => pair.Item2);
    public IEnumerator<(TKey, TValue)> items() => GetEnumerator();
    public IEnumerator<(TKey, TValue)> GetEnumerator() => _list.GetEnumerator();

    public TValue this[TKey key]
    {
        get => _dict[key];
        set
        {
            int index = Find(key);
            if (index < 0) Add(key, value);
            else this[index] = (key, value);
        }
    }

    public (TKey, TValue) this[int index]
    {
        get => _list[index];
        set
        {
            _dict.Remove(_list[index].Item1);
            _dict.Add(value.Item1, value.Item2);
            _list[index] = value;
        }
    }

    public bool ContainsKey(TKey key) => _dict.ContainsKey(key);
    public bool Contains((TKey, TValue) item) => _list.Contains(item);
    public bool Contains(KeyValuePair<TKey, TValue> item) => Contains((item.Key, item.Value));
    public int IndexOf((TKey, TValue) item) => _list.IndexOf(item);
    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => _dict.TryGetValue(key, out value);

    public void Add(TKey key, TValue value) => Insert(Count, (key, value));
    public void Add((TKey, TValue) item) => Insert(Count, item);
    public void Add(KeyValuePair<TKey, TValue> item) => Insert(Count, (item.Key, item.Value));

    public void Insert(int index, (TKey, TValue) item)
    {
        _dict.Add(item.Item1, item.Item2);
        _list.Insert(index, item);
    }

    public bool Remove(TKey key)
    {
        int index = Find(key);
        if (index >= 0) RemoveAt(index);
        return index >= 0;
    }

    public bool Remove((TKey, TValue) item) => Contains(item) && Remove(item.Item1);
    public bool Remove(KeyValuePair<TKey, TValue> item) => Remove((item.Key, item.Value));

    public void RemoveAt(int index)
    {
        _dict.Remove(_list[index].Item1);
        _list.RemoveAt(index);
    }

    public void Clear()
    {
        _dict.Clear();
        _list.Clear();
    }

    public void clear() => Clear();

    public void CopyTo((TKey, TValue)[] array, int arrayIndex) => _list.CopyTo(array, arrayIndex);

    public void CopyTo(KeyValuePair<TKey, TValue>[] array, int arrayIndex)
    {
        foreach (var (key, value) in _list) array[arrayIndex++] = new(key, value);
    }

    IEnumerator<KeyValuePair<TKey, TValue>> IEnumerable<KeyValuePair<TKey, TValue>>.GetEnumerator() =>
        _list.Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int Find(TKey key) => _dict.ContainsKey(key)
        ? _list.FindIndex(pair => EqualityComparer<TKey>.Default.Equals(pair.Item1, key))
        : -1;
}
