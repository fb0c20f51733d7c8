using StableDiffusion.Coordinator.Batches;
using static StableDiffusion.Coordinator.Tests.Batches.Expansion.Requests;

namespace StableDiffusion.Coordinator.Tests.Batches.Expansion;

/// <summary>What is wrong in lists and runs is named by its path.</summary>
public sealed class RefusalTests
{
    [Theory]
    [InlineData("""{"zip":{"prompt":["a","b"],"seed":[1,2,3]}}""", "zip", "prompt has 2, seed has 3")]
    [InlineData("""{"zip":{"prompt":["a","b"],"seed":[1,9007199254740992]}}""", "zip.seed[1]", "out of range")]
    [InlineData("""{"zip":{"prompt":["a","b"],"seed":[1,"x"]}}""", "zip.seed[1]", "must be a whole number")]
    [InlineData("""{"zip":{"prompt":["a"," "]}}""", "zip.prompt[1]", "The prompt is empty")]
    [InlineData("""{"prompt":"a","zip":{}}""", "zip", "at least one")]
    [InlineData("""{"prompt":"a","product":{"steps":[]}}""", "product.steps", "Give a list of 1 to")]
    [InlineData("""{"prompt":"a","product":{"steps":20}}""", "product.steps", "Give a list of 1 to")]
    [InlineData("""{"prompt":"a","product":{"steps":[20,0]}}""", "product.steps[1]", "0 is out of range")]
    [InlineData("""{"prompt":"a","product":{"sampler_name":["Euler","Eula"]}}""", "product.sampler_name[1]", "not a known sampler")]
    [InlineData("""{"prompt":"a","product":{"loras":[[],[{"name":"oil"}]]}}""", "product.loras[1][0].name", "The farm has no LoRA")]
    [InlineData("""{"prompt":"a","product":{"stepps":[20]}}""", "product.stepps", "no such field")]
    [InlineData("""{"prompt":"a","product":{"n_iter":[2]}}""", "product.n_iter", "no such field")]
    [InlineData("""{"prompt":"a","steps":20,"product":{"steps":[20,30]}}""", "steps", "product.steps lists its values")]
    [InlineData("""{"prompts":["a"],"zip":{"prompt":["b"]}}""", "prompts", "zip.prompt lists its values")]
    [InlineData("""{"prompt":"a","seeds":[1],"zip":{"seed":[1]}}""", "seeds", "zip.seed lists its values")]
    [InlineData("""{"prompt":"a","zip":{"steps":[1]},"product":{"steps":[20]}}""", "steps", "Both product and zip")]
    [InlineData("""{"prompt":"a","runs":[]}""", "runs", "The list is empty")]
    [InlineData("""{"runs":[{"prompt":"a"},{}]}""", "runs[1].prompts", "at least one prompt")]
    [InlineData("""{"prompt":"a","runs":[{},{"steps":0}]}""", "runs[1].steps", "0 is out of range")]
    [InlineData("""{"prompt":"a","steps":0,"runs":[{},{}]}""", "steps", "0 is out of range")]
    [InlineData("""{"prompt":"a","runs":[{},{"product":{"width":[64,63]}}]}""", "runs[1].product.width[1]", "no multiple of 8")]
    [InlineData("""{"runs":[{"prompts":["a","<lora:oil:1>"]}]}""", "runs[0].prompts[1]", "The farm has no LoRA")]
    [InlineData("""{"prompt":"a","runs":[{"product":{"steps":[20]},"steps":30}]}""", "runs[0].steps", "lists its values")]
    public void A_mistake_is_named_by_its_path(string json, string field, string says)
    {
        var (batch, errors) = Resolve(json);
        Assert.Equal([field], errors.Keys);
        Assert.Contains(says, Assert.Single(errors[field]), StringComparison.Ordinal);
        Assert.Empty(batch.Images);
    }

    [Theory]
    [InlineData("""{"prompt":"a","n_iter":40,"product":{"steps":[1,2,3]}}""", "product", "3 of product.steps × 1 of prompts × 40 seeds are more than the 100 images")]
    [InlineData("""{"n_iter":60,"prompt":"a","runs":[{},{}]}""", "n_iter", "1 prompts with 60 seeds each are more than the 100 images a batch may have, of which the runs before have 60")]
    [InlineData("""{"prompt":"a","product":{"steps":[1,2,3],"width":[64,128]}}""", "product", "more than the 5 different settings")]
    public void Too_much_is_refused(string json, string field, string says)
    {
        var (_, errors) = Resolve(json, new BatchesOptions { MaxImages = 100, MaxRecipes = 5 });
        Assert.Contains(says, Assert.Single(errors[field]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_be_a_million_million_images_is_refused_before_one_is_made()
    {
        var numbers = string.Join(',', Enumerable.Range(1, 100));
        var lists = string.Join(',', new[] { "steps", "original_width", "original_height", "crop_x", "crop_y", "target_width", "target_height", "seed", "hr_second_pass_steps" }
            .Select(field => $"\"{field}\":[{numbers}]"));
        var (_, errors) = Resolve($$$"""{"prompt":"a","product":{{{{lists}}}}}""");
        Assert.Contains("more than the 100000 images", Assert.Single(errors["product"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mistake_of_the_request_is_told_once_however_many_settings_have_it()
    {
        var (_, errors) = Resolve("""{"prompt":"a","cfg_scale":31,"product":{"steps":[1,2,3],"width":[64,128]}}""");
        Assert.Single(Assert.Single(errors).Value);
    }
}
